#!/bin/bash
# Healthy when Jolokia answers and the broker is no slave: it has its store's lock and has started every connector.
# The broker's own Health MBean is not asked: it says "Getting Worried" for a queue without consumers, which is a fine thing to
# rehearse, and it says "Good" long before the last connector has started.
set -u
port='' user='' password=''
while IFS='=' read -r key value; do
    case $key in
        port) port=$value ;;
        user) user=$value ;;
        password) password=$value ;;
    esac
done < /etc/mqlab/jolokia.properties

exec 2>/dev/null
exec 3<>"/dev/tcp/127.0.0.1/$port" || { echo "nothing answers on port $port"; exit 1; }
login=$(printf '%s:%s' "$user" "$password" | base64 -w0)
printf 'GET /jolokia/read/org.apache.activemq:type=Broker,brokerName=*/Slave HTTP/1.0\r\nOrigin: http://localhost\r\nAuthorization: Basic %s\r\n\r\n' "$login" >&3
while IFS= read -r -t 3 line <&3 || [ -n "$line" ]; do
    case $line in
        *'"Slave":false'*) echo "started"; exit 0 ;;
        *'"Slave":true'*) echo "starting"; exit 1 ;;
        HTTP/*) status=$line ;;
    esac
done
echo "no broker yet: ${status:-no answer}"
exit 1

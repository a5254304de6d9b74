#!/bin/bash
# Runs once while the image is built, without network: makes the broker's user, the class path and the class-data-sharing archive.
# The archive comes from a training run of a real broker; its key store and configuration are gone when this ends.
set -eu

groupadd --gid 10001 activemq
useradd --uid 10001 --gid 10001 --home-dir /var/lib/activemq --no-create-home --shell /usr/sbin/nologin activemq
install -d -o activemq -g activemq -m 0700 /var/lib/activemq /etc/mqlab

# In the order of the stock launcher, and the same on every machine: the archive fits one class path only. The Jolokia of the
# api web application is left out, since the agent's jar has the same classes with other insides; camel is used by no broker here.
jars() { find "/opt/activemq/$1" -maxdepth 1 -name '*.jar' ! -name 'jolokia-core-*' | LC_ALL=C sort; }
class_path=$({ jars lib; jars lib/optional; jars lib/web; jars lib/extra; echo /opt/mqlab/jolokia-jvm.jar; } | paste -sd:)

# The observer, against this image's own jars. Where it does not compile, the image has no observer, and everything else works.
java -m jdk.compiler/com.sun.tools.javac.Main -source 11 -target 11 -Xlint:-options -d /tmp/observer -cp "$class_path" \
    /opt/mqlab/observer/mqlab/*.java >/tmp/observer.log 2>&1 &&
    java -m jdk.jartool/sun.tools.jar.Main --create --file /opt/mqlab/observer.jar --date 2020-01-01T00:00:00Z -C /tmp/observer . &&
    class_path=$class_path:/opt/mqlab/observer.jar ||
    { echo "mqlab: this image has no observer, since its source did not compile:"; tail -n 5 /tmp/observer.log; }
rm -rf /opt/mqlab/observer
echo "-cp $class_path" >> /opt/mqlab/java.args

conf=/etc/mqlab
cp /opt/mqlab/training/* "$conf/"
# As a lab's are: signed by an authority, whose certificate alone is trusted.
keys() { keytool "$@" -storetype PKCS12 -storepass training 2>/dev/null; }
keys -genkeypair -keystore "$conf/ca.p12" -alias ca -keyalg EC -groupname secp256r1 -dname CN=authority -ext bc:c -validity 2
keys -genkeypair -keystore "$conf/keystore.p12" -alias broker -keyalg EC -groupname secp256r1 -dname CN=training -validity 2
keys -exportcert -rfc -keystore "$conf/ca.p12" -alias ca >"$conf/ca.pem"
keys -importcert -noprompt -keystore "$conf/truststore.p12" -alias ca -file "$conf/ca.pem"
keys -certreq -keystore "$conf/keystore.p12" -alias broker |
    keys -gencert -rfc -keystore "$conf/ca.p12" -alias ca -validity 2 -ext san=dns:localhost,ip:127.0.0.1 |
    cat - "$conf/ca.pem" | keys -importcert -noprompt -keystore "$conf/keystore.p12" -alias broker
chown -R activemq:activemq "$conf"

log=$(mktemp)
archive=/var/lib/activemq/broker.jsa
# Without the frames of stack traces: they hide what was said.
fail() { echo "training the broker failed: $1" >&2; grep -vE '^[[:space:]]+(at |\.\.\. )' "$log" | tail -n 40 >&2; exit 1; }

MQLAB_JVM="-XX:SharedArchiveFile= -XX:ArchiveClassesAtExit=$archive" \
    setpriv --reuid 10001 --regid 10001 --clear-groups /opt/mqlab/broker.sh >"$log" 2>&1 &
broker=$!
for _ in $(seq 600); do
    grep -q 'Apache ActiveMQ .* started' "$log" && (: </dev/tcp/127.0.0.1/8162) 2>/dev/null && break
    kill -0 "$broker" 2>/dev/null || fail "it ended by itself"
    sleep 0.1
done
grep -q 'Apache ActiveMQ .* started' "$log" || fail "it did not start within a minute"
for _ in $(seq 300); do
    grep -q 'Network connection between .* has been established' "$log" && break
    sleep 0.1
done
grep -q 'Network connection between .* has been established' "$log" || fail "the bridge did not come up within half a minute"
python3 "$conf/touch.py" || fail "an endpoint did not answer as it should"
kill -TERM "$broker"
wait "$broker" || true

# A failed training leaves an archive too, about half as large.
[ "$(stat -c %s "$archive" 2>/dev/null || echo 0)" -gt 35000000 ] || fail "the archive is missing or too small: $(ls -l "$archive" 2>&1)"
install -m 0444 "$archive" /opt/mqlab/broker.jsa
grep -E 'cds|CDS|WARN|ERROR' "$log" | cut -c1-200 | head -n 20 || true
rm -rf /opt/mqlab/training /opt/mqlab/train.sh "$log"
find "$conf" /var/lib/activemq /tmp -mindepth 1 -delete

#!/bin/sh
# The broker, as one plain java process. MQLAB_HEAP bounds the heap; MQLAB_JVM adds options, which win over java.args.
# MQLAB_ROUTER, if set, is the one way out that the container may have, as /proc/net/route writes addresses: by another one
# the broker would pass by every policy and link, so it does not start. 78 is EX_CONFIG of sysexits.h.
if [ -n "${MQLAB_ROUTER:-}" ]; then
    ways=
    while read -r _ to by _ _ _ _ mask _; do
        [ "$to$mask" != 0000000000000000 ] || ways="$ways $by"
    done </proc/net/route
    if [ "$ways" != " $MQLAB_ROUTER" ]; then
        echo "mqlab: not started: the router is $MQLAB_ROUTER, and the ways out are:$ways"
        exit 78
    fi
fi
# MQLAB_TCP, if set, is the congestion control that its TCP must have. Where the machine has another one, the lab sets it on
# this network's routes, and then makes the route to 192.0.2.254 as a sign: nothing connects before that.
if [ -n "${MQLAB_TCP:-}" ] && [ "$(cat /proc/sys/net/ipv4/tcp_congestion_control)" != "$MQLAB_TCP" ]; then
    left=1200
    until grep -q FE0200C0 /proc/net/route; do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            echo "mqlab: not started: within a minute the lab did not set $MQLAB_TCP as the congestion control of its TCP"
            exit 78
        fi
        sleep 0.05
    done
fi
# shellcheck disable=SC2086  # MQLAB_JVM is a list of options
exec java @/opt/mqlab/java.args -Xmx"${MQLAB_HEAP:-128m}" ${MQLAB_JVM:-} \
    org.apache.activemq.console.command.ShellCommand start xbean:file:/opt/mqlab/broker.xml

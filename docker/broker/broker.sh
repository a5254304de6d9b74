#!/bin/sh
# The broker, as one plain java process. MQLAB_HEAP bounds the heap; MQLAB_JVM adds options, which win over java.args.
# shellcheck disable=SC2086  # MQLAB_JVM is a list of options
exec java @/opt/mqlab/java.args -Xmx"${MQLAB_HEAP:-128m}" ${MQLAB_JVM:-} \
    org.apache.activemq.console.command.ShellCommand start xbean:file:/opt/mqlab/broker.xml

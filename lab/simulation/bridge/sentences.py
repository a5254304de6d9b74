"""The log lines of both ends of a bridge: ActiveMQ's own sentences.

`samples` has one of each kind, so that an expectation of a line that the model never writes can be refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.simulation.broker.sentences import Sentence, password_invalid, security_error
from lab.simulation.protocols.sentences import transport_failed
from lab.simulation.protocols.session import is_security

BRIDGE, CONNECTOR, CONNECTION = "DemandForwardingBridgeSupport", "DiscoveryNetworkConnector", "TransportConnection"
FAILOVER = "FailoverTransport"
# Exceptions of Java, as a bridge logs them.
END_OF_STREAM = "java.io.EOFException"
RESET = "java.net.SocketException: Connection reset"
TIMED_OUT = "java.net.SocketException: Connection timed out"
SHUT_DOWN = "java.io.IOException: ShutdownInfo {commandId = 1, responseRequired = false}"
CANCELLED = "java.util.concurrent.CancellationException"
DISPOSED = "org.apache.activemq.transport.TransportDisposedIOException: Disposed due to prior exception"
_INACTIVE = "org.apache.activemq.transport.InactivityIOException: Channel was inactive"
NO_ATTEMPT = "(no connection attempt made) for too (>30000) long"
# Why there is no connection, as Java's exceptions say it, by the word for how an attempt failed.
NOT_CONNECTED = {"refused": "Connection refused", "silent": "Connect timed out", "unreachable": "No route to host"}
UNCONNECTED = "unconnected"  # the transport of a list of addresses, while it has none
UNKNOWN = "Unknown"  # a remote broker that has not said its name


def exception(refusal: str) -> str:
    """Return a broker's refusal with the class of Java's exception."""
    kind = "javax.jms.InvalidClientIDException" if "already connected" in refusal else "javax.jms.JMSException"
    return f"{'java.lang.SecurityException' if is_security(refusal) else kind}: {refusal}"


def message(error: str) -> str:
    """Return the message of a Java exception, as getMessage does."""
    return error.partition(": ")[2] or "null"


def inactive(milliseconds: int, peer: str) -> str:
    """Return the sentence that no byte has arrived for too long: `AbstractInactivityMonitor.readCheck`."""
    return f"{_INACTIVE} for too (>{milliseconds}) long: {peer}"


def no_attempt(peer: str) -> str:
    """Return the sentence that no byte has ever arrived from the other end: `startConnectCheckTask`."""
    return f"{_INACTIVE} {NO_ATTEMPT}: {peer}"


def establishing(broker: str, url: str) -> Sentence:
    """Return the sentence that a connector begins to connect: `onServiceAdd`."""
    return Sentence("INFO", CONNECTOR, f"Establishing network connection from vm://{broker} to {url}")


def not_started(broker: str, url: str, why: str) -> Sentence:
    """Return the sentence that there was no connection: `onServiceAdd`."""
    return Sentence(
        "WARN", CONNECTOR, f"Could not start network bridge between: vm://{broker} and: {url} due to: {why}"
    )


def connector(name: str, broker: str, did: str) -> Sentence:
    """Return the sentence that a connector has started, or stopped: `NetworkConnector`."""
    return Sentence("INFO", "NetworkConnector", f"Network Connector {CONNECTOR}:{name}:BrokerService[{broker}] {did}")


def disabled(attempts: int, url: str) -> Sentence:
    """Return the sentence that a connector tries no more: `SimpleDiscoveryAgent.serviceFailed`."""
    words = f"Reconnect attempts exceeded {attempts} tries.  Reconnecting has been disabled for: {url}"
    return Sentence("WARN", "SimpleDiscoveryAgent", words)


def established(local: str, remote: str, name: str) -> Sentence:
    """Return the sentence that an end is up: `startLocalBridge`."""
    return Sentence("INFO", BRIDGE, f"Network connection between {local} and {remote} ({name}) has been established.")


def remote_error(local: str, remote: str, error: str) -> Sentence:
    """Return the sentence that an end ends by an error of the other end or the way to it: `serviceRemoteException`."""
    level = "ERROR" if error.startswith("java.lang.SecurityException") else "WARN"
    words = f"Network connection between {local} and {remote} shutdown due to a remote error: {error}"
    return Sentence(level, BRIDGE, words)


def local_error(local: str, remote: str, error: str) -> Sentence:
    """Return the sentence that an end ends by an error of its own broker: `serviceLocalException`."""
    words = f"Network connection between {local} and {remote} shutdown due to a local error: {error}"
    return Sentence("INFO", BRIDGE, words)


def pending(remote: str, error: str) -> Sentence:
    """Return the sentence that the connection failed before the other broker named itself: `start`."""
    return Sentence("INFO", BRIDGE, f"Error with pending remote brokerInfo on: {remote} ({message(error)})")


def remote_shut_down() -> Sentence:
    """Return the sentence that the other end closes in order: `serviceRemoteCommand`."""
    return Sentence("INFO", BRIDGE, "Stopping network bridge on shutdown of remote broker")


def shutting_down(broker: str, name: str) -> Sentence:
    """Return the sentence that an end's own connection is closed: `serviceLocalCommand`."""
    return Sentence("INFO", BRIDGE, f"{broker} Shutting down {name}")


def stopped(broker: str, remote: str) -> Sentence:
    """Return the sentence that an end has stopped: `stop`."""
    return Sentence("INFO", BRIDGE, f"{broker} bridge to {remote} stopped")


def answered(key: str) -> Sentence:
    """Return the sentence that a responder's end begins: `processBrokerInfo`."""
    return Sentence("INFO", CONNECTION, f"Started responder end of duplex bridge {key}")


def replaced(address: str, key: str) -> Sentence:
    """Return the sentence that an older connection of the same connector is ended: `processBrokerInfo`."""
    words = f"Stopping an existing active duplex connection [Transport Connection to: {address}]"
    return Sentence("WARN", CONNECTION, f"{words} for network connector ({key}).")


def refused_connection(address: str, why: str) -> Sentence:
    """Return the sentence that a connection is ended whose login was refused: `delayedStop`."""
    return Sentence("INFO", CONNECTION, f"Stopping {address} because Failed with SecurityException: {why}")


def asynchronous_error() -> Sentence:
    """Return the sentence that a command without an answer failed: `serviceException`, without the error."""
    return Sentence("WARN", "Service", "Async error occurred")


def failover_connected(url: str) -> Sentence:
    """Return the sentence that one address of a list answers: `FailoverTransport.doReconnect`."""
    return Sentence("INFO", FAILOVER, f"Successfully connected to {url}")


def failover_failed(url: str, error: str) -> Sentence:
    """Return the sentence that the connection to a listed address is lost, with its trace: `handleTransportFailure`."""
    return Sentence("WARN", FAILOVER, f"Transport ({url}) failed, not attempting to automatically reconnect\n{error}")


def failover_exhausted(urls: str) -> Sentence:
    """Return the sentence that no address of a list answers: `FailoverTransport.doReconnect`."""
    return Sentence("ERROR", FAILOVER, f"Failed to connect to [{urls}] after: 1 attempt(s)")


def samples(broker: str, remote: str, name: str, url: str, user: str) -> Iterator[Sentence]:
    """Yield one sentence of each kind that a connector, or the responder of one, may have written."""
    local, peer, key = f"vm://{broker}#0", "tcp://10.1.0.10:49152", f"{name}@ID:{remote}-1-1-0:1"
    invalid = password_invalid(user)
    yield establishing(broker, url)
    yield from (not_started(broker, url, why) for why in (*NOT_CONNECTED.values(), url))
    yield from (connector(name, broker, did) for did in ("started", "stopped"))
    yield disabled(1, url)
    yield established(local, url, remote)
    lost = (END_OF_STREAM, RESET, TIMED_OUT, SHUT_DOWN, CANCELLED, inactive(30_000, peer), no_attempt(peer))
    yield from (remote_error(local, url, error) for error in (*lost, exception(invalid)))
    refused = (DISPOSED, exception(invalid), exception(f"User {user} is not authorized to write to: topic://a"))
    yield from (local_error(local, url, error) for error in refused)
    yield from (pending(url, error) for error in lost)
    yield from (remote_shut_down(), shutting_down(broker, name), answered(key), replaced(peer, key))
    yield from (stopped(broker, other) for other in (remote, UNKNOWN))
    yield from (refused_connection(peer, invalid), asynchronous_error(), security_error(peer, invalid))
    yield from (transport_failed(peer, message(error)) for error in lost)
    yield from (failover_connected(url), failover_failed(url, RESET), failover_exhausted(url))

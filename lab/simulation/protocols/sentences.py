"""A broker's log lines about the connections of clients: ActiveMQ's own sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.simulation.broker.sentences import Sentence, client_taken, password_invalid, security_error

_TO = ("create", "read from", "write to")


def transport_failed(address: str, why: str) -> Sentence:
    """Return the sentence that a connection has failed: `TransportConnection.serviceTransportException`."""
    return Sentence("WARN", "Transport", f"Transport Connection to: {address} failed: {why}")


def inactive(milliseconds: int, address: str) -> str:
    """Return the sentence that nothing came for too long: `MQTTInactivityMonitor`."""
    return f"Channel was inactive for too (>{milliseconds}) long: {address}"


def not_published(topic: str, why: str) -> Sentence:
    """Return the sentence that an MQTT message was refused: `MQTTProtocolConverter.createResponseHandler`."""
    return Sentence("WARN", "MQTTProtocolConverter", f"Failed to send MQTT Publish: {topic}: {why}")


def not_subscribed(topic: str) -> Sentence:
    """Return the sentence that an MQTT subscription was refused: `AbstractMQTTSubscriptionStrategy.doSubscribe`."""
    return Sentence("WARN", "AbstractMQTTSubscriptionStrategy", f"Error subscribing to {topic}")


def stomp_exception(client: str, address: str, command: str, error: str) -> Sentence:
    """Return the sentence that a STOMP frame was refused: `ProtocolConverter.handleException`."""
    words = f"Exception occurred for client {client} ({address}) processing: {command} -> {error}"
    return Sentence("WARN", "ProtocolConverter", words)


def samples(broker: str, users: Iterable[str], destinations: Iterable[str]) -> Iterator[Sentence]:
    """Yield one sentence of each kind, for each user and destination that it may be about."""
    client, address = "client", "tcp://10.1.0.10:49152"
    refusals = [password_invalid(user) for user in users]
    rights = [f"User {user} is not authorized to {to}: {on}" for user in users for on in destinations for to in _TO]
    for why in (*refusals, client_taken(broker, client, address), inactive(45_000, address)):
        yield transport_failed(address, why)
    for why in (*refusals, *rights):
        yield security_error(address, why)
        for command in ("CONNECT", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK"):
            yield stomp_exception(client, address, command, f"java.lang.SecurityException: {why}")
    for destination in destinations:
        yield not_subscribed(destination)
        yield from (not_published(destination, why) for why in rights)

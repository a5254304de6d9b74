"""A broker's log lines about clients, messages and destinations: ActiveMQ's own sentences.

`samples` has one of each kind, so that an expectation of a line that the model never writes can be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Sentence(NamedTuple):
    """One line of a log, without its moment."""

    level: str
    logger: str
    text: str


def not_added(connection: str, client: str, address: str, why: str) -> Sentence:
    """Return the sentence that a connection was refused: `TransportConnection.processAddConnection`."""
    its = f"id={connection}, clientId={client}, clientIP={address}"
    return Sentence("WARN", "TransportConnection", f"Failed to add Connection {its} due to {why}")


def password_invalid(user: str) -> str:
    """Return why a login is refused: `SimpleAuthenticationBroker.authenticate`."""
    return f"User name [{user}] or password is invalid."


def client_taken(broker: str, client: str, address: str) -> str:
    """Return why a client id is refused: `RegionBroker.addConnection`."""
    return f"Broker: {broker} - Client: {client} already connected from {address}"


def stealing(client: str, address: str) -> Sentence:
    """Return the sentence that a client took another one's id: `RegionBroker.addConnection`."""
    return Sentence("WARN", "RegionBroker", f"Stealing link for clientId {client} From Connection {address}")


def security_error(address: str, why: str) -> Sentence:
    """Return the sentence that a login was refused, or a request without the right: `TransportConnection.service`."""
    return Sentence("WARN", "Service", f"Security Error occurred on connection to: {address}, {why}")


def slow(subscription: str, address: str) -> Sentence:
    """Return the sentence that a topic's consumer is slow: `TopicSubscription.add`."""
    words = "has twice its prefetch limit pending, without an ack; it appears to be slow"
    return Sentence("WARN", "TopicSubscription", f"{subscription}: {words}{address and ': '}{address}")


def duplicate_send(cursor: str, message: str) -> Sentence:
    """Return the sentence that a message was seen before: `AbstractStoreCursor.recoverMessage`."""
    return Sentence("WARN", "AbstractStoreCursor", f"{cursor} - cursor got duplicate send {message} seq: -1")


def duplicate_add(destination: str, message: str) -> Sentence:
    """Return the sentence that a message is in the store already: `MessageDatabase.updateIndex`."""
    kind, _, name = destination.partition("://")
    where = f"Destination: {kind.upper()}://{name}, Message id: {message}"
    return Sentence("WARN", "MessageDatabase", f"Duplicate message add attempt rejected. {where}")


def duplicate_from_store(destination: str, message: str) -> Sentence:
    """Return the sentence that a message was stored again, and is taken out: `BaseDestination.duplicateFromStore`."""
    words = f"duplicate from store for {destination}, redirecting {message} for dlq processing"
    return Sentence("WARN", "Queue", words)


def inactive(destination: str, milliseconds: int) -> Sentence:
    """Return the sentence that a destination is removed: `RegionBroker.purgeInactiveDestinations`."""
    kind, _, name = destination.partition("://")
    return Sentence("INFO", kind.capitalize(), f"{name} Inactive for longer than {milliseconds} ms - removing ...")


def samples(broker: str, users: Iterable[str], destinations: Iterable[str]) -> Iterator[Sentence]:
    """Yield one sentence of each kind, for each user and destination that it may be about."""
    client, address, message = "client", "tcp://10.1.0.10:49152", "ID:client-1:1:1:1"
    yield not_added("ID:host-1-1-1:1", client, address, client_taken(broker, client, address))
    yield stealing(client, address)
    yield slow("TopicSubscription: consumer=ID:client:1", address)
    for user in users:
        yield not_added("ID:host-1-1-1:1", client, address, password_invalid(user))
    for destination in destinations:
        yield duplicate_send(f"{destination}, subscriptions=1", message)
        yield duplicate_add(destination, message)
        yield duplicate_from_store(destination, message)
        yield inactive(destination, 600_000)
        for user in users:
            for what in ("create", "read from", "write to"):
                yield security_error(address, f"User {user} is not authorized to {what}: {destination}")

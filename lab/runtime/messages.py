"""Messages, destinations and subscriptions, independent of a client's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lab.activemq.destinations import Addressed, destination_of
from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A topic or a queue, by the name ActiveMQ gives it (`.` between levels, wildcards `*` and `>`)."""

    kind: str  # "topic" | "queue" | "temp-queue": of a client that is connected
    name: str

    def __str__(self) -> str:
        return f"{self.kind}://{self.name}"

    @classmethod
    def of(cls, written: str) -> Destination:
        """Return the destination that is written as `topic://a.b`."""
        kind, _, name = written.partition("://")
        return cls(kind=kind, name=name)


def destination(addressed: Addressed) -> Destination:
    """Return the destination that a step or an expectation names."""
    return Destination.of(str(destination_of(addressed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a subscription; a client ignores terms that its protocol does not have."""

    destination: Destination
    qos: int = 1  # MQTT
    ack: str = "auto"  # "auto", "client" or "client-individual": whether a client acknowledges, and how much
    durable: bool = False  # the broker keeps the subscription and its messages while the client is away
    selector: str | None = None
    prefetch: int | None = None  # most messages sent before they are acknowledged; the broker's own when None
    replies: bool = False  # the client needs to know where answers to its messages go
    whole: bool = False  # the client needs all that the protocol shows of its messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The session that a client asks its broker for, each time it connects."""

    client_id: str | None = None  # None: the lab makes one of the run and the client's name
    clean: bool = True  # False, MQTT only: the broker keeps the session while the client is away
    kept: tuple[Terms, ...] = ()  # of an earlier connection, whose messages may come before it subscribes again


ORDINARY = Session()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """The manner in which a client connects; some are meant to fail."""

    knows_password: bool = True
    tls: str = "verified"  # "untrusted": without the lab's CA; "wrong-name": by a name that is in no certificate
    within: float | None = None  # seconds for TCP and TLS, and as many for the welcome; the client's own when None


USUAL = Approach()


class Outgoing(NamedTuple):
    """A message on its way to a broker; a tuple, since it is made for every message."""

    id: str  # begins with a digit, which distinguishes acknowledgements of sends from others
    destination: Destination
    body: bytes
    headers: Mapping[str, str]  # for protocols that have them
    qos: int  # MQTT
    persistent: bool  # STOMP
    retained: bool  # MQTT
    expiry: float | None = None  # seconds from now, after which a broker drops it
    group: str | None = None  # JMSXGroupID: one consumer of a queue gets all of a group
    priority: int | None = None  # 0 to 9; the broker's 4 when None
    reply_to: str | None = None  # an address that `Client.temporary` returned
    text: bool = False  # the body is sent as text if it is UTF-8 and the protocol distinguishes text from bytes


class Shown(NamedTuple):
    """The properties of a message, beside its body, that its protocol shows; None for hidden properties."""

    sent_to: Destination  # without wildcards
    headers: Mapping[str, str]  # the sender's own, without those of the protocol
    qos: int | None = None
    persistent: bool | None = None
    priority: int | None = None
    expiry: float | None = None  # seconds from its sending, or else from now, after which a broker drops it
    group: str | None = None
    type: str | None = None  # "bytes", "text", or another word for a body that no client of the lab sends
    id: str | None = None  # that a broker gave it


class Incoming(NamedTuple):
    """A message as a client received it; a tuple, since it is made for every message."""

    destination: Destination  # the subscription's own
    body: bytes
    headers: Mapping[str, str]
    retained: bool
    redelivered: bool
    token: str | None = None  # for `Client.acknowledge`; None if the message needs no acknowledgement
    reply_to: Destination | None = None  # where answers go, of a subscription that replies
    shown: Shown | None = None  # of a subscription that asks for the whole, and of a browser


class Look(NamedTuple):
    """The messages of a queue that a browser showed, in the queue's order."""

    messages: tuple[Incoming, ...]
    ended: bool  # whether the broker has ended the browser

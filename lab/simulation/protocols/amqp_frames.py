"""The performatives of AMQP 1.0 between a client and a broker, as values; a link is identified by its name."""

from __future__ import annotations

from typing import NamedTuple

from lab.simulation.broker.message import Message

_AROUND = 90  # octets of a transfer beside body and properties: the frame, the sections' heads, ids


class Authenticate(NamedTuple):
    """SASL PLAIN, after the headers and the mechanisms."""

    user: str
    password: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return 50 + len(self.user) + len(self.password)


class Authenticated(NamedTuple):
    """The outcome of Authenticate."""

    ok: bool

    def octets(self) -> int:
        """Return the size in bytes."""
        return 24


class Open(NamedTuple):
    """A connection, or with `name` a session of it, is opened; in either direction."""

    container: str = ""
    name: str = ""  # of a session: what its client knows it by

    def octets(self) -> int:
        """Return the size in bytes."""
        return 40 + len(self.container)


class Attach(NamedTuple):
    """A link is attached, by the client."""

    name: str
    address: str
    receives: bool  # the client, from the broker
    durable: bool = False
    selector: str | None = None
    copies: bool = False  # it browses
    dynamic: bool = False  # a temporary queue is to be made

    def octets(self) -> int:
        """Return the size in bytes."""
        return 110 + len(self.name) + 2 * len(self.address) + len(self.selector or "")


class Attached(NamedTuple):
    """The broker's answer to Attach."""

    name: str
    address: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return 110 + len(self.name) + 2 * len(self.address)


class Flow(NamedTuple):
    """So many more messages may come over a link; with `drain` only those that are there now."""

    name: str
    credit: int
    drain: bool = False

    def octets(self) -> int:
        """Return the size in bytes."""
        return 34


class Transfer(NamedTuple):
    """A message, in either direction."""

    name: str
    delivery: int
    message: Message
    redelivered: bool = False

    def octets(self) -> int:
        """Return the size in bytes."""
        properties = sum(len(key) + len(value) + 4 for key, value in self.message.properties.items())
        return _AROUND + properties + len(self.message.body)


class Disposition(NamedTuple):
    """A message is accepted, or with a reason rejected; in either direction."""

    name: str
    delivery: int
    refusal: str = ""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 28 + len(self.refusal)


class Detach(NamedTuple):
    """A link is closed, or refused."""

    name: str
    refusal: str = ""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 26 + len(self.refusal)


class Close(NamedTuple):
    """The connection is closed."""

    refusal: str = ""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 20 + len(self.refusal)


class Empty(NamedTuple):
    """A frame without content: a sign of life."""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 8

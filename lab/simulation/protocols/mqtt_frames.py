"""The packets of MQTT 3.1.1, as values."""

from __future__ import annotations

from typing import NamedTuple

from lab.base.dataclass import dataclass

_HEADER = 2  # bytes of a fixed header whose length is below 128
ACCEPTED, ID_REJECTED, UNAVAILABLE, NOT_AUTHORISED = 0, 2, 3, 5  # of CONNACK; table 3.1 of the standard
REFUSED = 0x80  # of SUBACK


class Connect(NamedTuple):
    """A client logs in."""

    client_id: str
    user: str
    password: str
    clean: bool
    keep_alive: int  # seconds

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 10 + 6 + len(self.client_id) + len(self.user) + len(self.password)


class Connack(NamedTuple):
    """The broker's answer to Connect."""

    code: int

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 2


@dataclass(slots=True)  # made for every message, which a named tuple takes twice as long for
class Publish:
    """A message, in either direction."""

    topic: str
    body: bytes
    qos: int
    retain: bool = False
    dup: bool = False
    packet: int = 0

    def octets(self) -> int:
        """Return the size in bytes."""
        topic = self.topic
        rest = 2 + (len(topic) if topic.isascii() else len(topic.encode())) + (2 if self.qos else 0) + len(self.body)
        return rest + 1 + (1 if rest < 128 else 2 if rest < 16_384 else 3 if rest < 2_097_152 else 4)


@dataclass(slots=True)
class Ack:
    """An answer to a message, or to another Ack."""

    kind: str  # PUBACK | PUBREC | PUBREL | PUBCOMP
    packet: int

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 2


class Subscribe(NamedTuple):
    """A client subscribes to one filter."""

    packet: int
    topic: str
    qos: int

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 5 + len(self.topic.encode())


class Suback(NamedTuple):
    """The QoS that is granted, or REFUSED."""

    packet: int
    code: int

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 3


class Unsubscribe(NamedTuple):
    """A client ends a subscription."""

    packet: int
    topic: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 4 + len(self.topic.encode())


class Unsuback(NamedTuple):
    """The broker's answer to Unsubscribe."""

    packet: int

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER + 2


class Sign(NamedTuple):
    """A packet without content."""

    kind: str  # PINGREQ | PINGRESP | DISCONNECT

    def octets(self) -> int:
        """Return the size in bytes."""
        return _HEADER

"""The commands of OpenWire between the ends of a bridge, as values; their sizes are roughly those that were seen."""

from __future__ import annotations

from typing import NamedTuple

from lab.base.dataclass import dataclass
from lab.simulation.bridge.settings import ConnectorSettings
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message


class WireFormat(NamedTuple):
    """The settings that an end proposes for the connection (`WireFormatInfo`); of two times, the shorter counts."""

    inactivity: int  # ns
    first_check: int  # ns

    def octets(self) -> int:
        """Return the size in bytes."""
        return 240


class BrokerInfo(NamedTuple):
    """The identity of an end; an initiator adds its settings, which begins a bridge."""

    id: str
    name: str
    settings: ConnectorSettings | None = None

    def octets(self) -> int:
        """Return the size in bytes."""
        return 180 if self.settings is None else 1_400


class Login(NamedTuple):
    """ConnectionInfo, SessionInfo and ProducerInfo, which are sent together."""

    client_id: str
    user: str
    password: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return 260 + len(self.client_id)


class Follow(NamedTuple):
    """The ConsumerInfo of the subscription to advisories on consumers."""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 200


class DurableSubscriptions(NamedTuple):
    """The durable subscriptions of a broker that a bridge asks for with syncDurableSubs: `BrokerSubscriptionInfo`."""

    subscriptions: tuple[ConsumerInfo, ...]

    def octets(self) -> int:
        """Return the size in bytes."""
        return 60 + 250 * len(self.subscriptions)


class Advisory(NamedTuple):
    """A consumer that came, or went; or a durable subscription that was ended."""

    info: ConsumerInfo
    came: bool
    forgotten: bool = False

    def octets(self) -> int:
        """Return the size in bytes."""
        return 550 if self.came else 450


@dataclass(slots=True)  # made for every message, which a named tuple takes twice as long for
class Forwarded:
    """A message, with a number if an answer is expected."""

    number: int | None
    message: Message

    def octets(self) -> int:
        """Return the size in bytes."""
        return self.message.size


@dataclass(slots=True)
class Response:
    """The answer to a message: the broker's refusal, "" if the broker has the message."""

    number: int
    refusal: str

    def octets(self) -> int:
        """Return the size in bytes."""
        return 24 + len(self.refusal)


class Shutdown(NamedTuple):
    """An end closes in order."""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 12


class Failure(NamedTuple):
    """A ConnectionError: an error of a command that awaits no answer."""

    error: str  # with the class of Java's

    def octets(self) -> int:
        """Return the size in bytes."""
        return 60 + len(self.error)


class KeepAlive(NamedTuple):
    """A sign of life."""

    def octets(self) -> int:
        """Return the size in bytes."""
        return 12

"""The seam between deciding and doing: what a replay may ask of a living Lab, whichever runtime opened it.

Four short protocols: a Clock, a Client, the ClientEvents it tells, and the Lab itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from lab.history import (
    BridgeSeen,
    BrokerChanged,
    ConnectorChanged,
    Counted,
    DestinationSeen,
    LinkChanged,
    LinkSeen,
    PacketsDropped,
    PolicyApplied,
    Recorder,
    SendOutcome,
    SnapshotTaken,
)
from lab.network.link import Impairment, LinkState
from lab.network.vpc import Network
from lab.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A topic or a queue, by the name ActiveMQ gives it (`.` between levels, wildcards `*` and `>`)."""

    kind: str  # "topic" | "queue"
    name: str

    def __str__(self) -> str:
        return f"{self.kind}://{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that a client asks of a subscription; a term its protocol does not have stays as it is here."""

    destination: Destination
    qos: int = 1  # MQTT
    ack: str = "auto"  # "auto" | "client" | "client-individual": who acknowledges, and what an acknowledgement covers
    durable: bool = False  # the broker keeps it, and what comes for it, while the client is away
    selector: str | None = None
    prefetch: int | None = None  # how many messages may come before they are acknowledged; the broker's own when None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How a client makes itself known to its broker, each time it connects."""

    client_id: str | None = None  # the lab makes one of the run and the client's name where none is given
    clean: bool = True  # False, MQTT only: the broker keeps the session while the client is away
    kept: tuple[Terms, ...] = ()  # of an earlier connection, whose messages may come before it subscribes again


ORDINARY = Session()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """How a client goes about connecting, where it may well fail."""

    knows_password: bool = True
    tls: str = "verified"  # "untrusted": it does not know the lab's CA; "wrong-name": it uses one no certificate has
    within: float | None = None  # seconds for TCP and TLS, and as many for the welcome; the client's own when None


USUAL = Approach()


class Outgoing(NamedTuple):
    """A message on its way to a broker; a tuple, since it is made for every message."""

    id: str  # begins with a digit: a client tells receipts of sends from others by it
    destination: Destination
    body: bytes
    headers: Mapping[str, str]  # for protocols that have them
    qos: int  # MQTT
    persistent: bool  # STOMP
    retained: bool  # MQTT
    expiry: float | None = None  # seconds from now, after which a broker drops it
    group: str | None = None  # JMSXGroupID: one consumer of a queue gets all of a group
    priority: int | None = None  # 0 to 9; the broker's 4 when None


class Incoming(NamedTuple):
    """A message as a client received it; a tuple, since it is made for every message."""

    destination: Destination  # the subscription's own
    body: bytes
    headers: Mapping[str, str]
    retained: bool
    redelivered: bool
    token: str | None = None  # what to acknowledge it by; None where nobody has to


class Clock(Protocol):
    """Time of the lab: real in an emulation, virtual in a simulation. Nobody else sleeps."""

    def now(self) -> float:
        """Return the seconds since the lab's clock began."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until the condition holds, and tell whether it did in time."""
        ...

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Let something go on beside the caller; it ends by itself, and what it raises nobody hears."""
        ...

    def notify(self) -> None:
        """Say that something happened, so that whoever waits looks again at once; cheap, and from any thread."""
        ...


class ClientEvents(Protocol):
    """What a client tells, from any thread, the moment it happens."""

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Say what became of a send."""
        ...

    def received(self, message: Incoming) -> None:
        """Hand over a message."""
        ...

    def lost(self, why: str) -> None:
        """Say, once, that the connection has gone; what was in flight is reported unknown."""
        ...

    def broke(self, error: Exception) -> None:
        """Say that the client itself is at fault: a bug, which must end the run."""
        ...


class Client(Protocol):
    """One connection to one broker, over one protocol, as one user."""

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; BrokerError if it refuses, LabTimeout if silent."""
        ...

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription, a durable one too."""
        ...

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages, and give what became of each: unknown where no answer came. Never raises."""
        ...

    def publish(self, message: Outgoing) -> None:
        """Hand a message over; its outcome comes as an event. Blocks while too many are in flight."""
        ...

    def close(self) -> None:
        """Leave, with durable subscriptions kept; what was in flight is reported unknown. Never raises."""
        ...


class Attempt(NamedTuple):
    """What came of opening a connection."""

    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took: float  # seconds


class Lab(Protocol):
    """A living lab. Everything it is asked is answered from the real thing, not from the Plan.

    Every `t` it gives is of its own clock; the replay, which knows when it began, counts from there.
    """

    @property
    def clock(self) -> Clock:
        """Return the lab's clock."""
        ...

    def connect(
        self,
        *,
        client: str,
        broker: str,
        over: str,
        user: str,
        events: ClientEvents,
        session: Session = ORDINARY,
        approach: Approach = USUAL,
    ) -> Client:
        """Connect a client; BrokerError if the broker refuses, LabTimeout if it is silent."""
        ...

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Replace a link's impairment or state, in one direction or both; None leaves that part as it is."""
        ...

    def active(self, broker: str) -> int | None:
        """Return the number of the instance that serves: 1 of a single one; None while none of a pair does."""
        ...

    def apply_network(self, network: Network) -> PolicyApplied:
        """Have packets pass as a Network says, from one moment on; known connections go on where there is a way."""
        ...

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return what the router has dropped so far since no rule or no route let it pass."""
        ...

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance, or from the internet, to an instance's port; tell what came of it."""
        ...

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Ask an instance to end; one that has not within so many seconds is killed. Store, name and ports stay."""
        ...

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """End an instance's process at once, without a word to it."""
        ...

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance that was stopped or killed; it is not ready before `started` says so."""
        ...

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether every endpoint of an instance listens, or it is a standby that could take over at any time.

        BrokerError where it ended while starting.
        """
        ...

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password under its number, for a user of a broker who is to have it after a reboot."""
        ...

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Write a broker's instances other files for their next start, as a plan has them, and take this plan for ours.

        Each of its users has the password that was kept under the number given.
        """
        ...

    def delete(self, broker: str) -> BrokerChanged:
        """Remove a broker with its store, whatever its state; what its log said is kept."""
        ...

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance's process: its connections stay, and nothing answers."""
        ...

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Let a paused instance go on."""
        ...

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Stop or start a network connector; BrokerError where its broker refuses or does not answer."""
        ...

    def demand(self, broker: str, destination: Destination) -> bool:
        """Return whether the broker has a bridge's consumer on the destination."""
        ...

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every end of every bridge that the brokers show now."""
        ...

    def destinations(self, of: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the brokers' counters of the destinations named."""
        ...

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Return all that every broker counts now, but of advisories; one that does not answer says so."""
        ...

    def links(self) -> Sequence[LinkSeen]:
        """Return the router's counters of every direction."""
        ...

    def watch(self, recorder: Recorder, demand: Sequence[tuple[str, Destination]] = ()) -> None:
        """Record every bridge end there is, and until `unwatch` each that comes or goes, and log lines that matter.

        Each look at the demand that brokers have for the destinations named is recorded too, changed or not.
        """
        ...

    def unwatch(self) -> None:
        """Record no more: nothing comes after this returns. Harmless where nobody watches."""
        ...


class Progress(Protocol):
    """Who is told how far a long thing has come."""

    def stage(self, what: str) -> AbstractContextManager[None]:
        """Name a stage; leaving it ends it."""
        ...

    def say(self, note: str) -> None:
        """Add a remark to the stage that is on."""
        ...

"""What a replay may ask of a living Lab, whichever runtime opened it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    SnapshotTaken,
)
from lab.link.impairment import Impairment, LinkState
from lab.network.vpc import Network
from lab.plan.values import Plan
from lab.runtime.client import Client, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session


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

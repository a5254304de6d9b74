"""What a replay and a verb may ask of a living Lab, whichever runtime opened it: one small protocol for each purpose.

Everything is answered from the real thing, not from the Plan. Every `t` is of the lab's own clock; a replay, which
knows when it began, counts from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from lab.errors import BrokerError
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
from lab.plan.control import Control
from lab.plan.values import BridgePlan, Plan
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.clock import Clock
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.note import Note
from lab.runtime.status import DirectionNow, Status, Whereabouts


class Attempt(NamedTuple):
    """What came of opening a connection."""

    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took: float  # seconds


class Silent(BrokerError):
    """The broker's management does not answer: not started yet, stopped, or cut off."""


class Timed(Protocol):
    """What has a clock."""

    @property
    def clock(self) -> Clock:
        """Return the lab's clock."""
        ...


class Clients(Protocol):
    """Where clients connect."""

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


class Links(Protocol):
    """The links, and what they do to packets."""

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Replace a link's impairment or state, in one direction or both; None leaves that part as it is."""
        ...

    def links(self) -> Sequence[LinkSeen]:
        """Return the router's counters of every direction."""
        ...


class Policies(Protocol):
    """Who may talk to whom, and tries of it."""

    def apply_network(self, network: Network) -> PolicyApplied:
        """Have packets pass as a Network says, from one moment on; known connections go on where there is a way."""
        ...

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return what the router has dropped so far since no rule or no route let it pass."""
        ...

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance, or from the internet, to an instance's port; tell what came of it."""
        ...


class Power(Protocol):
    """The brokers' instances: stopped, killed, started, frozen, and removed."""

    def active(self, broker: str) -> int | None:
        """Return the number of the instance that serves: 1 of a single one; None while none of a pair does."""
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

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance's process: its connections stay, and nothing answers."""
        ...

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Let a paused instance go on."""
        ...

    def delete(self, broker: str) -> BrokerChanged:
        """Remove a broker with its store, whatever its state; what its log said is kept."""
        ...


class Files(Protocol):
    """What brokers start from."""

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password under its number, for a user of a broker who is to have it after a reboot."""
        ...

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Write a broker's instances other files for their next start, as a plan has them, and take this plan for ours.

        Each of its users has the password that was kept under the number given.
        """
        ...


class Observation(Protocol):
    """What the brokers show of themselves, once or until one looks no more."""

    def demand(self, broker: str, destination: Destination) -> bool:
        """Return whether the broker has a bridge's consumer on the destination; Silent where nobody can say."""
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

    def watch(self, recorder: Recorder, demand: Sequence[tuple[str, Destination]] = ()) -> None:
        """Record every bridge end there is, and until `unwatch` each that comes or goes, and log lines that matter.

        Each look at the demand that brokers have for the destinations named is recorded too, changed or not.
        """
        ...

    def unwatch(self) -> None:
        """Record no more: nothing comes after this returns. Harmless where nobody watches."""
        ...


class Lab(Timed, Clients, Links, Policies, Power, Files, Observation, Protocol):
    """A living lab."""

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Stop or start a network connector; BrokerError where its broker refuses or does not answer."""
        ...


class StandingLab(Lab, Protocol):
    """A lab that stands, for whoever changes it by hand; others change it too, and its note tells what they did."""

    @property
    def note(self) -> Note:
        """Return its note as it was last read or written."""
        ...

    @property
    def note_folder(self) -> Path | None:
        """Return the folder that its note is in, None where no other process can reach the lab."""
        ...

    def look_again(self) -> bool:
        """Take over what others have left of the lab since; False where it has ended."""
        ...

    def keep_control(self, control: Control) -> None:
        """Note the service's side for the verbs to come; HostError where the lab has ended meanwhile."""
        ...

    def agree(self, network: Network) -> None:
        """Have packets pass as a Network says, and ports refuse as the brokers now are, whatever was done before."""
        ...

    def endpoint(self, broker: str, over: str, user: str, client_id: str) -> Endpoint:
        """Return where a client of another program connects to a broker's active instance, and as whom."""
        ...

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether a bridge works: seen at its ends, and its login accepted by the responder."""
        ...

    def link_now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return how both directions of a link are set now."""
        ...

    def whereabouts(self) -> Whereabouts:
        """Return where everything of it is reached from this machine."""
        ...

    def status(self) -> Status:
        """Return how everything is; parts that are down say so."""
        ...

    def logs(self, name: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield the lines of a broker's log, or of `router`: the last `tail` of them; InputError for any other name."""
        ...

"""The protocol of an open Lab of any runtime, and a small protocol for each of its parts.

Answers come from the brokers and the router themselves, not from the Plan. Every `t` is of the lab's own clock; a
replay counts from its own beginning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from lab.base.masking import Mask
from lab.declare.steps.base import State
from lab.errors import BrokerError, LabError
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
from lab.runtime.hosts import Hosts
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.state_file import StateFile
from lab.runtime.status import DirectionNow, Status, Whereabouts

Failed = Callable[[Exception], None]


def note_failure(error: Exception) -> None:
    """Log an error that ended a part of a watch."""
    trace = None if isinstance(error, LabError) else error
    logging.getLogger("lab").error("a part of the watch has ended: %s", error, exc_info=trace)


def by_broker(demand: Sequence[tuple[str, Destination]], brokers: Iterable[str]) -> Mapping[str, Sequence[Destination]]:
    """Return the destinations whose demand is to be watched, by broker: none for a broker that is not in `demand`."""
    return {name: [to for broker, to in demand if broker == name] for name in brokers}


class Attempt(NamedTuple):
    """The outcome of an attempt to open a connection."""

    answer: str  # "open" | "refused" | "silent" | "unreachable"
    took: float  # seconds


class Silent(BrokerError):
    """The broker's management does not answer: it is not started yet, stopped, or cut off."""


class Down(Silent):
    """The broker's instance has no process, so nothing can answer."""


class Clients(Protocol):
    """Connections of clients."""

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
        """Return a connected client; raise BrokerError if the broker refuses, LabTimeout if it is silent.

        `over` names the protocol; `client` becomes part of the client id, unless the session gives one.
        """
        ...


class Links(Protocol):
    """The links between regions, and their effect on packets."""

    def change(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Replace a link's impairment or state, in the direction `leaving` a region or, if None, in both.

        None for `impairment` or `state` leaves that part as it is.
        """
        ...

    def now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link."""
        ...

    def counters(self) -> Sequence[LinkSeen]:
        """Return the router's counters of every direction."""
        ...


class Policies(Protocol):
    """The policies between instances, and attempts to connect."""

    def apply(self, network: Network) -> PolicyApplied:
        """Apply the policies of a Network in one step; known connections go on if they still have a route."""
        ...

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return counts of the packets that the router has dropped because a rule or a route was missing."""
        ...

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance, a host or the internet to an instance's port; return the outcome."""
        ...


class Instances(Protocol):
    """The brokers' instances: started, stopped, killed, frozen, removed."""

    def active(self, broker: str) -> int | None:
        """Return the number of the active instance: 1 for a single instance; None if none of a pair is active."""
        ...

    def state(self, broker: str, instance: int = 1) -> State:
        """Return an instance's current state, whichever process changed it; one that starts or ends counts as running.

        The state is remembered.
        """
        ...

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance does not run; its state is not remembered. Any thread may call this."""
        ...

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Ask an instance to end, and kill it if it still runs `within` seconds later. Store, name and ports stay."""
        ...

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """End an instance's process at once, with no chance to shut down."""
        ...

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance that was stopped or killed; it is ready when `started` returns true."""
        ...

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether every endpoint of an instance listens, or it is a standby that could take over at any time.

        Raise BrokerError if it ended while starting.
        """
        ...

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance's process: its connections stay, and nothing answers."""
        ...

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Resume a paused instance."""
        ...

    def delete(self, broker: str) -> BrokerChanged:
        """Remove a broker with its store, whatever its state; its logs are saved."""
        ...


class Management(Protocol):
    """The brokers' management: their counters, bridges and connectors. Silent is raised if a broker does not answer."""

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        """Return whether the broker has a bridge's consumer on the destination.

        With `towards`, only a consumer of a bridge to that broker counts.
        """
        ...

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every end of every bridge that the brokers list now; a broker that is down lists none."""
        ...

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether a bridge works: its ends list it, and the responder accepted its login."""
        ...

    def destinations(self, named: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the brokers' counters of the named destinations; a broker that is down has none."""
        ...

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Return all counters of every broker, except of advisories, and a SnapshotTaken for each broker."""
        ...

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Stop or start a network connector: `do` is "stop" or "start". Raise BrokerError if its broker refuses."""
        ...

    def purge(self, brokers: Sequence[str]) -> None:
        """Empty brokers' queues, end durable subscriptions that no client has, remove topics without consumers.

        Subscriptions of bridges stay.
        """
        ...


class Lab(Clients, Protocol):
    """An open lab, as a replay uses it.

    >>> lab.instances.stop("tokyo", within=20.0).state, lab.instances.started("tokyo")
    ('stopped', False)
    >>> lab.instances.start("tokyo").state, lab.clock.wait(lambda: lab.instances.started("tokyo"), 60.0)
    ('starting', True)
    """

    @property
    def clock(self) -> Clock:
        """Return the lab's clock."""
        ...

    @property
    def links(self) -> Links:
        """Return the links between regions."""
        ...

    @property
    def policies(self) -> Policies:
        """Return the policies between instances."""
        ...

    @property
    def instances(self) -> Instances:
        """Return the brokers' instances."""
        ...

    @property
    def management(self) -> Management:
        """Return the brokers' management."""
        ...

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password under a number; the user has it from the reboot that applies that number."""
        ...

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Write the files of a broker's instances for their next start, and keep `plan` as the lab's plan.

        `passwords` maps each user to the number that the user's password was kept under.
        """
        ...

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        failed: Failed = note_failure,
    ) -> None:
        """Record all bridge ends now, then each that opens or closes, and log lines that matter, until `unwatch`.

        The brokers' demand for the named destinations is recorded at each poll, changed or not. `failed` is called with
        an error that ended a part of the watch, from any thread; that part records nothing more.
        """
        ...

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        """Replace the destinations whose demand is recorded, while the lab is watched."""
        ...

    def unwatch(self) -> None:
        """Stop recording: nothing is recorded after this returns. Harmless if nothing is watched."""
        ...

    def whereabouts(self) -> Whereabouts:
        """Return the addresses and ports of the lab on this machine."""
        ...


class StandingLab(Lab, Protocol):
    """A lab that is open and may be changed by several processes, which share its state file."""

    @property
    def note(self) -> StateFile:
        """Return the lab's state file as it was last read or written."""
        ...

    @property
    def note_folder(self) -> Path | None:
        """Return the folder of the lab's state file; None if no other process can reach the lab."""
        ...

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        """Watch as `Lab.watch` does; log lines are those since `since`, a moment of the lab's clock, or all."""
        ...

    @property
    def time(self) -> datetime:
        """Return the date and time: the machine's, or in a simulation the virtual clock's."""
        ...

    def refresh(self) -> bool:
        """Read the lab's state file again, which other processes may change; return False if the lab has ended."""
        ...

    def keep_control(self, control: Control) -> None:
        """Write the service's records to the state file; raise HostError if the lab has ended meanwhile."""
        ...

    def keep_off(self, instances: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        """Write the instances that verbs have stopped, and whether each was active; HostError if the lab has ended.

        `recorded` has the last recorded state of instances, with the second of the lab's clock at which it was so, or
        until which it lasts at most. The state is `down` for an instance that had ended by itself before a verb began
        to start it.
        """
        ...

    def enforce(self, network: Network) -> None:
        """Apply a Network's policies in the router, and make the ports of stopped instances refuse connections."""
        ...

    def endpoint(self, broker: str, over: str, user: str, client_id: str) -> Endpoint:
        """Return the endpoint of a broker's active instance for a client of another program, with the user's login."""
        ...

    def password(self, broker: str, user: str) -> SecretStr:
        """Return the password with which a user logs in to a broker now, also while the broker is down."""
        ...

    def mask(self) -> Mask:
        """Return the mask of all passwords that the lab's brokers have now."""
        ...

    @property
    def hosts(self) -> Hosts:
        """Return the places that the lab's topology keeps for applications."""
        ...

    def status(self) -> Status:
        """Return the current status of all parts of the lab, also of parts that are down."""
        ...

    def logs(self, name: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield the lines of a broker's log, or of `router`: the last `tail` of them; InputError for any other name."""
        ...

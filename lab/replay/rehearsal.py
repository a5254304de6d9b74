"""A running replay: its time, its recording, its waiting, and the first error of any thread.

State that steps of one kind share is kept in the Rehearsal, by type (`recall`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Protocol, TypeVar

from lab.declare.steps.base import Login
from lab.declare.topology import Topology
from lab.declare.unrolling import Program
from lab.history import (
    BridgeSeen,
    Demand,
    LogLine,
    Observation,
    ObserverChanged,
    Recorder,
    SightChanged,
    Tee,
    Trouble,
    Uncalibrated,
)
from lab.history.expected.incremental import Expected, undecided
from lab.plan.values import Plan
from lab.replay.bridge_paths import carrier
from lab.replay.bridges import BridgeEnds
from lab.replay.first_error import EndedByError
from lab.replay.outstanding_messages import Outstanding
from lab.replay.service import Service
from lab.replay.tasks import Tasks
from lab.runtime.client import Client, ClientEvents
from lab.runtime.lab import Lab
from lab.runtime.lock import Lock
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.profile import REPLAY, UNPROFILED, Profile


class Remembered(Protocol):
    """State that steps of a replay share, created at its first use."""

    def __init__(self, rehearsal: Rehearsal) -> None: ...


_Remembered = TypeVar("_Remembered", bound=Remembered)


class Sightings:
    """The lab's observations since the replay began that steps wait for."""

    def __init__(self) -> None:
        self.log: list[LogLine] = []
        self.demands: dict[tuple[str, str], bool] = {}  # by broker and destination, as last seen
        self.demand_looks: dict[tuple[str, str], float] = {}  # when that was, in seconds
        self.bridges = BridgeEnds()
        self.unseen: set[str] = set()  # brokers whose management does not answer

    def see(self, observation: Observation) -> bool:
        """Note an observation; return whether to record it: of demands, which come often, only changes."""
        match observation:
            case BridgeSeen():
                self.bridges.see(observation)
            case LogLine():
                self.log.append(observation)
            case SightChanged() if observation.of == "management":
                (self.unseen.add if observation.state == "lost" else self.unseen.discard)(observation.broker)
            case Demand():
                before = self.demands.get((observation.broker, observation.destination))
                self.demands[observation.broker, observation.destination] = observation.present
                self.demand_looks[observation.broker, observation.destination] = observation.t
                return before is not observation.present
            case _:
                pass
        return True


class Rehearsal(EndedByError):
    """The state of one replay, which its steps share."""

    def __init__(
        self,
        plan: Plan,
        program: Program,
        lab: Lab,
        recorder: Recorder,
        *,
        run: str,
        closing: ExitStack,
        began: datetime,  # the service's clock begins then, unless the topology says otherwise
        topology: Topology,
        tells: bool,  # whether the history has the service's side
        expected: Expected = undecided,  # see Outstanding
        profile: Profile = UNPROFILED,
    ) -> None:
        super().__init__()
        self.lab, self.run, self.program, self.closing, self.profile = lab, run, program, closing, profile
        self.clock = lab.clock
        self.start = lab.clock.now()
        self.tasks = Tasks(lab.clock, self.fail)
        self.sightings = Sightings()
        self.outstanding = Outstanding(lambda source, target: self._carries(source, target), expected)
        self.record = Tee(recorder, self.outstanding).record  # an observation with a moment of the replay
        self.service = Service(
            lab,
            plan,
            record=self.record_of_lab,
            wait=self.wait,
            took=self._follow,
            began=began,
            starts=topology.service_time,
            reboot_time=topology.reboot_time,
            tells=tells,
        )
        self._watched: dict[tuple[str, Destination], None] = {}  # demand that the lab's watch looks for
        self._carries = carrier(plan)
        self._users = {broker.name: broker.users[0] for broker in plan.brokers}
        self._memory: dict[type, Any] = {}
        self._remembering, self._watching = Lock(), Lock()

    @property
    def plan(self) -> Plan:
        """Return the current Plan, which a reboot may replace."""
        return self.service.plan

    def recall(self, kind: type[_Remembered]) -> _Remembered:
        """Return the shared state of a type; create it at the first call."""
        with self._remembering:
            if kind not in self._memory:
                self._memory[kind] = kind(self)
            found: _Remembered = self._memory[kind]
        return found

    def now(self) -> float:
        """Return the seconds since the replay began."""
        return self.clock.now() - self.start

    def record_of_lab(self, observation: Observation) -> None:
        """Record an observation with a moment of the lab's clock."""
        seen = observation.with_fields(t=observation.t - self.start)
        if isinstance(seen, SightChanged | Uncalibrated):
            seen = seen.with_fields(since=seen.since - self.start)
        if isinstance(seen, ObserverChanged) and seen.since is not None:
            seen = seen.with_fields(since=seen.since - self.start)
        if isinstance(seen, BridgeSeen | Demand) and seen.last_look is not None:
            seen = seen.with_fields(last_look=seen.last_look - self.start)
        if self.sightings.see(seen):
            self.record(seen)
        if isinstance(observation, LogLine):
            self.service.hear(observation)
        if isinstance(observation, BridgeSeen | LogLine | Demand | SightChanged):
            self.clock.notify()

    def watch(self, demand: Sequence[tuple[str, Destination]], recorder: Recorder) -> None:
        """Watch the lab: its bridges, its logs, and the brokers' demand for the destinations named."""
        self._watched = dict.fromkeys(demand)
        self.lab.watch(recorder, demand, failed=self.fail)

    def demand(self, broker: str, destination: Destination, *, present: bool) -> None:
        """Record whether a step found a demand at a broker; an absent demand is watched from then on: it may come."""
        its = (broker, str(destination))
        if not present:
            with self._watching:
                before = len(self._watched)
                self._watched[broker, destination] = None
                added = len(self._watched) > before
                if added:
                    self.lab.watch_demand(tuple(self._watched))
            if self.sightings.demands.get(its, added) is False or (not added and its in self.sightings.demands):
                return  # the watch has told
        seen = Demand(t=self.now(), broker=broker, destination=its[1], present=present)
        if self.sightings.demands.get(its, present) is not present:
            seen = seen.with_fields(last_look=self.sightings.demand_looks.get(its))  # it became so since then
        self.sightings.see(seen)
        self.record(seen)

    def trouble(self, name: str, problem: str) -> None:
        """Record a failure of the client, the broker or the service of that name."""
        self.record(Trouble(t=self.now(), who=name, what=problem))

    def connect(
        self, login: Login, events: ClientEvents, *, session: Session = ORDINARY, approach: Approach = USUAL
    ) -> Client:
        """Connect the client of a login to the lab."""
        client, broker, over, user = login.client, login.broker, login.over, self.user(login.broker, login.user)
        with self.profile.wait(REPLAY, f"connect {client} to {broker} over {over}", "the broker accepts the login"):
            return self.lab.connect(
                client=client, broker=broker, over=over, user=user, events=events, session=session, approach=approach
            )

    def numbers(self, broker: str) -> tuple[int, ...]:
        """Return the numbers of a broker's instances."""
        return tuple(each.number for each in self.plan.broker(broker).instances)

    def user(self, broker: str, user: str | None) -> str:
        """Return the name of the user to log in as: the broker's first one if `user` is None."""
        return self._users[broker] if user is None else user

    def _follow(self, plan: Plan) -> None:
        """Continue with another Plan, which has other bridges if a configuration was applied."""
        self._carries = carrier(plan)


class LabRecorder:
    """A Recorder for a lab, whose observations have moments of its own clock."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def record(self, *observations: Observation) -> None:
        """Record observations, their moments counted from the replay's beginning; may be called from any thread."""
        try:
            for observation in observations:
                self._rehearsal.record_of_lab(observation)
        except OSError as error:
            self._rehearsal.fail(error)

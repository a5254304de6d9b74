"""One replay while it runs: its time, its clients, what it records, and the first error of any thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lab.declare.topology import Topology
from lab.declare.unrolling import Program
from lab.history import BridgeSeen, Demand, LogLine, Observation, Recorder, Tee, Trouble
from lab.link.impairment import LinkState
from lab.plan.values import Plan
from lab.replay.bridge_paths import Way, carrier, initial_states
from lab.replay.outstanding import Outstanding
from lab.replay.service import Service
from lab.replay.tasks import Beside
from lab.runtime.lab import Lab
from lab.runtime.messages import Destination, Terms

if TYPE_CHECKING:
    from lab.replay.callbacks import Ear
    from lab.replay.returning import Listener
    from lab.replay.steps.traffic import Flow


class Rehearsal:
    """What the steps of one replay share."""

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
        tells: bool,  # whether the history is to hold the service's side
        spared: Callable[[str, str], bool] = lambda client, destination: False,  # to whom nothing is to come
    ) -> None:
        self.lab, self.run = lab, run
        self._users = {broker.name: broker.users[0] for broker in plan.brokers}
        self.program = program
        self.closing = closing
        self.clock = lab.clock
        self.beside = Beside(lab.clock, self.fail)
        self.start = lab.clock.now()
        self._carries = carrier(plan)
        self.outstanding = Outstanding(lambda source, target: self._carries(source, target), spared)
        self.recorder = Tee(recorder, self.outstanding)
        self.record = self.recorder.record  # of something that happened at our own moment
        self.returns = Beside(lab.clock, self.fail)  # of clients that lost their connection
        self.leaving = False  # nobody is to come back any more
        self.listeners: dict[str, Listener] = {}
        self.kept: dict[str, tuple[Terms, ...]] = {}  # by client that disconnected: what its broker keeps for it
        self.ears: dict[str, list[Ear]] = {}  # by listening client, those of its earlier connections too
        self.traffic: dict[str, Flow] = {}  # by name, what has ended too
        self.links: dict[Way, LinkState] = initial_states(plan)
        self.last_sent = 0.0
        self.last_change: dict[str, float] = {}  # by verb of a step that changes a link, a broker or a demand: its end
        self.last_begun: dict[str, float] = {}  # the same, when it began
        self.log: list[LogLine] = []
        self.demands: dict[tuple[str, str], bool] = {}  # by broker and destination, as last seen
        self.ends_up: dict[tuple[str, str, str, bool], float] = {}  # bridge ends, with the moment they came
        self._at: dict[tuple[str, str, str, bool], set[str]] = {}  # of each, the addresses: a new one may come first
        self.ends_changed = 0.0
        self._error: Exception | None = None
        self.service = Service(
            lab,
            plan,
            record=self.record_of_lab,
            wait=self.wait,
            took=self._take,
            began=began,
            starts=topology.service_time,
            reboot_time=topology.reboot_time,
            tells=tells,
        )

    @property
    def plan(self) -> Plan:
        """Return the Plan of what stands now: a reboot may bring another one."""
        return self.service.plan

    def now(self) -> float:
        """Return the seconds since the replay began."""
        return self.clock.now() - self.start

    def record_of_lab(self, observation: Observation) -> None:
        """Record something that carries a moment of the lab's clock."""
        seen = replace(observation, t=observation.t - self.start)
        if isinstance(seen, BridgeSeen):
            self._bridge(seen)
        elif isinstance(seen, LogLine) and isinstance(observation, LogLine):
            self.log.append(seen)
            self.recorder.record(seen)
            self.service.hear(observation)
            self.clock.notify()
            return
        elif isinstance(seen, Demand):
            key = (seen.broker, seen.destination)
            if self.demands.get(key) is seen.present:
                return  # a lab tells each look; the history holds the changes, whoever saw them
            self.demands[key] = seen.present
            self.clock.notify()
        self.recorder.record(seen)

    def demand(self, broker: str, destination: Destination, *, present: bool) -> None:
        """Record what a step saw of a demand."""
        self.demands[broker, str(destination)] = present
        self.record(Demand(t=self.now(), broker=broker, destination=str(destination), present=present))

    def trouble(self, who: str, what: str) -> None:
        """Record what went wrong."""
        self.record(Trouble(t=self.now(), who=who, what=what))

    def fail(self, error: Exception) -> None:
        """Take an error of another thread; the first one ends the replay."""
        if self._error is None:
            self._error = error
        self.clock.notify()

    def check(self) -> None:
        """Raise the error of another thread, where there is one."""
        if self._error is not None:
            raise self._error

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition; the error of another thread ends that, and everything."""
        held = self.clock.wait(lambda: self._error is not None or until(), max(seconds, 0.0))
        self.check()
        return held

    def numbers(self, broker: str) -> tuple[int, ...]:
        """Return the numbers of a broker's instances."""
        return tuple(each.number for each in self.plan.broker(broker).instances)

    def user(self, broker: str, user: str | None) -> str:
        """Name the user to log in as: the broker's only one when none is named."""
        return self._users[broker] if user is None else user

    def _take(self, plan: Plan) -> None:
        """Go on with another plan: bridges that an applied configuration adds or drops are in it."""
        self._carries = carrier(plan)

    def _bridge(self, seen: BridgeSeen) -> None:
        end = (seen.connector, seen.broker, seen.remote, seen.created_by_duplex)
        at = self._at.setdefault(end, set())
        if seen.up:
            at.add(seen.remote_address)
            if end not in self.ends_up:
                self.ends_up[end] = self.ends_changed = seen.t
        else:
            at.discard(seen.remote_address)
            if not at and self.ends_up.pop(end, None) is not None:
                self.ends_changed = seen.t
        self.clock.notify()


class LabRecorder:
    """A Recorder for a lab, whose moments are of its own clock."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def record(self, observation: Observation) -> None:
        """Record with the moment counted from the replay's beginning; a lab may call from a thread of its own."""
        try:
            self._rehearsal.record_of_lab(observation)
        except OSError as error:
            self._rehearsal.fail(error)

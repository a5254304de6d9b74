"""The cloud's control plane in a replay: its Control, its clock, its maintenance windows, and which instances run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf

from lab.activemq.log_lines import LOCKED, STARTED
from lab.amazonmq.account.account import next_opening, open_windows
from lab.amazonmq.account.account_json import pending_changes
from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OfService
from lab.declare.unrolling import every_step
from lab.history import (
    BrokerChanged,
    BrokerRecordSeen,
    ConfigurationSaved,
    LinkChanged,
    LogLine,
    Maintenance,
    Observation,
    Trouble,
)
from lab.link.impairment import LinkState
from lab.operating import Done
from lab.operating.control_plane import record_seen
from lab.operating.instances import active, new_state, numbers
from lab.operating.reboot import finish_reboot
from lab.operating.service import finish_creation
from lab.plan.control import Control, opening_control
from lab.plan.values import Plan
from lab.replay.bridge_paths import initial_states
from lab.runtime.lab import Lab
from lab.runtime.lock import Lock

_OF_SERVICE = (BrokerRecordSeen, ConfigurationSaved, Maintenance)  # the observations of the service's side


def tells_of_service(scenario: Scenario) -> bool:
    """Return whether a history has the service's records, because a step or an expectation concerns them."""
    steps = any(isinstance(step, OfService) for step in every_step(scenario.steps))
    return steps or any(expectation.of_service for expectation in scenario.expect)


class Service:
    """The control plane of a replay's lab; thread-safe."""

    def __init__(
        self,
        lab: Lab,
        plan: Plan,
        *,
        record: Callable[[Observation], None],  # records with moments of the lab's clock
        wait: Callable[[Callable[[], bool], float], bool],
        took: Callable[[Plan], None],  # called with each new Plan
        began: datetime,
        starts: datetime | None,
        reboot_time: timedelta,
        tells: bool,  # whether the history has the service's side
    ) -> None:
        self.lab, self.plan, self.wait = lab, plan, wait
        self.reboot_time = reboot_time.total_seconds()
        self.off: set[tuple[str, int]] = {  # instances that are stopped, killed or paused, or not created
            (broker.name, its.number) for broker in plan.brokers if broker.later for its in broker.instances
        }
        self.links = initial_states(plan)  # by link and the region that a direction leaves
        self._by_steps: set[tuple[str, int]] = set()  # of these, those that a step has ended or frozen
        self._late: set[tuple[str, int]] = set()  # instances whose start a step no longer waits for
        self._last_late: dict[str, int] = {}  # by broker: the instance that a step last waited for in vain
        self._started_at: dict[tuple[str, int], float] = {}  # the last moment at which its log reported a start
        self._starts = Lock()  # for `_late` and `_started_at`
        self._working: Counter[str] = Counter()  # by broker: verbs that are being done to it
        self._record, self._took, self._tells = record, took, tells
        self._began, self._start = began, lab.clock.now()
        ahead = timedelta(0) if starts is None else starts.astimezone(UTC) - began
        self.control: Control = opening_control(plan, began, ahead=ahead)
        self._first = self.control.account.now(began)
        self._lock = Lock()

    @property
    def machine(self) -> datetime:
        """Return the machine's time, by the lab's clock."""
        return self._began + timedelta(seconds=self.lab.clock.now() - self._start)

    @property
    def age(self) -> timedelta:
        """Return the time on the service's clock, with all moves: peering requests expire by it."""
        return self.control.account.now(self.machine) - self._first

    def tell_all(self) -> None:
        """Record the service's record of every broker."""
        self.record(*(record_seen(each, self.lab.clock.now()) for each in self.control.account.brokers))

    def record(self, *observations: Observation, lasts: float = 0.0) -> None:
        """Record observations with moments of the lab's clock, and note the new states of instances and links."""
        for each in observations:
            if isinstance(each, BrokerChanged):
                self._follow(each)
            elif isinstance(each, LinkChanged):
                self.links[each.link, each.leaving] = LinkState(each.state)
            if self._tells or not isinstance(each, _OF_SERVICE):
                self._record(each)

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Replace the Control by a verb's result; threads take turns, and a refusal changes nothing."""
        with self._lock:
            done = verb(self.control)
            self.control = done.control
            if done.plan is not None:
                self.plan = done.plan
                self._took(done.plan)
        self.record(*done.observations)
        return done

    def down(self, broker: str) -> bool:
        """Return whether no instance of a broker runs."""
        return all((broker, each) in self.off for each in numbers(self, broker))

    def serving(self, broker: str) -> int | None:
        """Return the active instance, waiting until there is one; None if no instance runs."""
        return None if self.down(broker) and self.lab.instances.active(broker) is None else active(self, broker)

    def stopped(self, broker: str) -> Collection[int]:
        """Return the instances that steps have ended; only a step starts them again."""
        return {number for name, number in self._by_steps if name == broker}

    def takes_out(self, broker: str, number: int) -> Callable[[], None]:
        """Note that a step has stopped an instance."""
        its = {(broker, number)}
        was_off, was_by_steps = its & self.off, its & self._by_steps
        self.off |= its
        self._by_steps |= its

        def forget() -> None:
            self.off -= its - was_off
            self._by_steps -= its - was_by_steps

        return forget

    def report_late(self, broker: str, number: int, *, since: float, within: float, action: str) -> str:
        """Record that an instance has not started in time, and return that in words; empty if it has started just now.

        A later start is recorded from its log.
        """
        late = f"it had not started within {within:g} s"
        with self._starts:  # a log may report the start at this moment
            said = self._started_at.get((broker, number), -inf)
            if said >= since:
                self._record_start(broker, number, said)
                return ""
            self._late.add((broker, number))
            self._last_late[broker] = number
            self._record_trouble(broker, late)
        return late

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Record that standby instances ended by themselves when they were to take over."""
        self._record_trouble(broker, why)
        self.off |= {(broker, number) for number in numbers}

    def hear(self, line: LogLine) -> None:
        """Process a line of a log; it may report that an instance serves, or could, after its step stopped waiting."""
        if line.name in (STARTED, LOCKED):
            its = (line.broker, line.instance or numbers(self, line.broker)[0])
            with self._starts:
                self._started_at[its] = line.t
                was_late = its in self._late
                if was_late:
                    self._late.remove(its)
                    self._record_start(*its, line.t)
            if was_late and not self._working[line.broker]:
                self._end_late(line.broker)

    @contextmanager
    def at_work(self, broker: str) -> Iterator[None]:
        """While a verb changes a broker, no late start ends its reboot or creation; a late start ends it afterwards."""
        self._working[broker] += 1
        try:
            yield
        finally:
            self._working[broker] -= 1
            started = (broker, self._last_late.get(broker, 0)) not in self._late
            if started and not self._working[broker]:
                self._end_late(broker)

    def due(self) -> tuple[str, ...]:
        """Return the brokers whose window has opened with a change pending; each opening is returned once."""
        with self._lock:
            account, brokers = open_windows(self.control.account, self.machine)
            self.control = replace(self.control, account=account)
        now = self.lab.clock.now()
        windows = {each.name: str(each.window) for each in account.brokers}
        self.record(*(Maintenance(t=now, broker=each, window=windows[each]) for each in brokers))
        return brokers

    def waiting(self) -> str:
        """Return the changes that wait for a reboot, in words, to explain a failure; empty if there are none."""
        found = []
        for record in self.control.account.brokers:
            if record.pending is not None:
                found.append(f"{record.pending} waits for {record.name}'s reboot")
            found += [
                f"the user {user} of {record.name} has a pending {change} until its reboot"
                for user, change in pending_changes(record).items()
            ]
        return "; ".join(found)

    def opens_in(self) -> float | None:
        """Return the seconds until the next window with a pending change opens, or None."""
        account = self.control.account
        opening = next_opening(account, self.machine)
        return None if opening is None else (opening - account.now(self.machine)).total_seconds()

    def _follow(self, changed: BrokerChanged) -> None:
        """Note which instances of a broker run after a change."""
        whole = not changed.instance or changed.state == "deleted"
        for number in numbers(self, changed.broker) if whole else (changed.instance,):
            if changed.state in ("stopping", "deleted"):
                self.off.add((changed.broker, number))
            elif changed.state in ("started", "resumed"):
                self.off.discard((changed.broker, number))
                self._by_steps.discard((changed.broker, number))

    def _record_start(self, broker: str, number: int, t: float) -> None:
        """Record the start of an instance after its step stopped waiting."""
        self.record(new_state(self, broker, number, "started", t=t))

    def _end_late(self, broker: str) -> None:
        """End the reboot or the creation whose step no longer waits for the broker; a creation, when all of it runs."""
        state = next((each.state for each in self.control.account.brokers if each.name == broker), None)
        if state is BrokerState.REBOOT_IN_PROGRESS:
            finish_reboot(self, broker)
        elif state is BrokerState.CREATION_IN_PROGRESS and not any(name == broker for name, _ in self.off):
            finish_creation(self, broker)

    def _record_trouble(self, broker: str, problem: str) -> None:
        self.record(Trouble(t=self.lab.clock.now(), who=f"broker {broker}", what=problem))

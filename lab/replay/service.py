"""The service in a replay: its Control, its clock, and the maintenance windows that open while steps are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from lab.amazonmq.account.account import due, opens_next
from lab.amazonmq.account.broker_record import BrokerState
from lab.amazonmq.account.describe import pending_changes
from lab.declare.scenario import Scenario
from lab.declare.steps.service import OfService
from lab.declare.unrolling import every_step
from lab.history import Maintenance, Observation
from lab.operating import Done
from lab.operating.brokers import apply_pending, finish_reboot
from lab.operating.done import seen_of
from lab.plan.control import Control, opening_control

if TYPE_CHECKING:
    from lab.replay.rehearsal import Rehearsal


def tells_of_service(scenario: Scenario) -> bool:
    """Return whether a history is to hold the service's side: where a step or a claim is about it."""
    steps = any(isinstance(step, OfService) for step in every_step(scenario.steps))
    return steps or any(claim.of_service for claim in scenario.expect)


class Service:
    """The control plane of the lab that a replay is about; safe from any thread."""

    def __init__(self, rehearsal: Rehearsal, began: datetime, starts: datetime | None, *, tells: bool) -> None:
        self._rehearsal, self._began = rehearsal, began
        ahead = timedelta(0) if starts is None else starts.astimezone(UTC) - began
        self.control: Control = opening_control(rehearsal.plan, began, ahead=ahead)
        self._first = self.control.account.now(began)
        self._tells = tells  # whether the history is to hold it: nobody asks otherwise
        self._one = Lock()

    @property
    def machine(self) -> datetime:
        """Return the machine's time, by the lab's clock."""
        return self._began + timedelta(seconds=self._rehearsal.now())

    @property
    def since_it_began(self) -> timedelta:
        """Return how far the service's clock has come, moved or not: requests of a peering expire by it."""
        return self.control.account.now(self.machine) - self._first

    def tell_all(self) -> None:
        """Record what the service keeps of every broker."""
        self.record([seen_of(each, self._rehearsal.clock.now()) for each in self.control.account.brokers])

    def record(self, seen: Sequence[Observation]) -> None:
        """Record what a verb gave, which carries moments of the lab's clock."""
        for each in seen if self._tells else ():
            self._rehearsal.record_of_lab(each)

    def do(self, verb: Callable[[Control], Done]) -> Done:
        """Do a verb that takes no time; a refusal changes nothing."""
        done = self.change(verb)
        self.record(done.seen)
        return done

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Do a verb and record nothing; of verbs at once each begins with what the other left."""
        with self._one:
            done = verb(self.control)
            self.control = done.control
        return done

    def apply(self, broker: str) -> str:
        """Return a broker that is down for its reboot all that is pending, and say what is remarkable."""
        rehearsal = self._rehearsal
        with self._one:
            done = apply_pending(self.control, rehearsal.lab, rehearsal.plan, broker)
            self.control = done.control
            rehearsal.take(done.plan)
        self.record(done.seen)
        return done.note

    def due(self) -> tuple[str, ...]:
        """Return the brokers whose window has opened and finds something pending; a window is attended to once."""
        with self._one:
            account, brokers = due(self.control.account, self.machine)
            self.control = replace(self.control, account=account)
        now = self._rehearsal.clock.now()
        windows = {each.name: str(each.window) for each in account.brokers}
        self.record([Maintenance(t=now, broker=each, window=windows[each]) for each in brokers])
        return brokers

    def came_late(self, broker: str) -> None:
        """End the reboot of a broker that started after all, when its step no longer waited for it."""
        if self.control.account.broker(broker).state is BrokerState.REBOOT_IN_PROGRESS:
            self.do(lambda control: finish_reboot(control, broker, t=self._rehearsal.clock.now()))

    def waiting(self) -> str:
        """Say what waits for a reboot, for whoever wonders why something is not there; empty where nothing does."""
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
        """Return the seconds until the next window that has something to apply opens, or None."""
        account = self.control.account
        opening = opens_next(account, self.machine)
        return None if opening is None else (opening - account.now(self.machine)).total_seconds()

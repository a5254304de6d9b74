"""A control plane over a simulated lab that keeps every Control there ever was, and raises what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from lab.errors import LabTimeout
from lab.history import Observation
from lab.operating import Done
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab

NOW = datetime(2026, 11, 25, tzinfo=UTC)


class Plane:
    """A ControlPlane of a simulated lab."""

    reboot_time = 0.0
    age = timedelta(0)
    machine = NOW

    def __init__(self, lab: Lab, plan: Plan, control: Control) -> None:
        self.lab, self.plan, self.control = lab, plan, control
        self.kept: list[Control] = []
        self.seen: list[Observation] = []

    def change(self, verb: Callable[[Control], Done]) -> Done:
        done = verb(self.control)
        self.control, self.plan = done.control, done.plan or self.plan
        self.kept.append(done.control)
        self.record(*done.seen)
        return done

    def record(self, *seen: Observation, lasts: float = 0.0) -> None:
        self.seen += seen

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        return self.lab.clock.wait(until, seconds)

    def serving(self, broker: str) -> int | None:
        return self.lab.instances.active(broker)

    def stopped(self, broker: str) -> Collection[int]:
        return ()

    def takes_out(self, broker: str, number: int) -> Callable[[], None]:
        return lambda: None

    def report_late(self, broker: str, number: int, *, since: float, within: float, of: str) -> str:
        raise LabTimeout(f"broker {broker} had not started within {within:g} s of its {of}")

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None: ...

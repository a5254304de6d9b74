"""The control plane of an open lab, whose state is on file for all processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from lab.declare.steps.broker import State
from lab.errors import LabTimeout
from lab.history import BrokerChanged, Observation
from lab.operating import Done
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab


class KeptControlPlane:
    """A lab and its Control, which is read from and written to the lab's note. The caller holds the lab's turn."""

    def __init__(self, lab: StandingLab, record: Callable[..., None]) -> None:
        self.lab, self._record = lab, record

    @property
    def plan(self) -> Plan:
        """Return the Plan of the lab as it is now."""
        return self.lab.note.plan

    @property
    def control(self) -> Control:
        """Return the service's records and the network as they are now."""
        return self.lab.note.control

    @property
    def machine(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    @property
    def age(self) -> timedelta:
        """Return the time since the lab opened."""
        return self.machine - self.lab.note.opened

    @property
    def reboot_time(self) -> float:
        """Return the seconds that a reboot leaves a broker down, as the topology declares."""
        return self.lab.note.reboot_time

    def record(self, *seen: Observation) -> None:
        """Record observations; an instance that has started again, or goes on, is not out any more."""
        self._record(*seen)
        for each in seen:
            if isinstance(each, BrokerChanged) and each.state in ("started", "resumed", "deleted"):
                back = self._names(each.broker, each.instance)
                self._keep_off({name: was for name, was in self.lab.note.off.items() if name not in back})

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Call `verb` with the Control, write the result to the note and record the observations."""
        done = verb(self.control)
        self.lab.keep_control(done.control)
        self.record(*done.seen)
        return done

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition."""
        return self.lab.clock.wait(until, seconds)

    def serving(self, broker: str) -> int | None:
        """Return the number of the active instance, or None."""
        return self.lab.active(broker)

    def stopped(self, broker: str) -> Collection[int]:
        """Return the instances that a verb has taken out, and that do not run again by whatever else."""
        off = self.lab.note.off
        its = (each.number for each in self.plan.broker(broker).instances if each.name in off)
        return tuple(each for each in its if self.lab.instance_state(broker, each) is not State.UP)

    def takes_out(self, broker: str, number: int) -> None:
        """Write to the note that an instance is out, before it is: no keeper takes that for a fault."""
        off, was = self.lab.note.off, self.lab.active(broker) == number
        self._keep_off({**off, **{name: was or off.get(name, False) for name in self._names(broker, number)}})

    def forget_running(self) -> None:
        """Correct the note where an instance runs that a verb was to end: by whatever has begun it, or kept it."""
        off = self.lab.note.off
        known = [each.name for each in self.plan.brokers if off.keys() & self._names(each.name)]
        out = {name for each in known for number in self.stopped(each) for name in self._names(each, number)}
        self._keep_off({name: was for name, was in off.items() if name in out})

    def report_late(self, broker: str, number: int, *, since: float, within: float, of: str) -> str:
        """Raise LabTimeout."""
        what = f"broker {broker} had not started within {within:g} s of its {of}"
        raise LabTimeout(what, f"see: mqlab logs {broker}")

    def _names(self, broker: str, number: int = 0) -> set[str]:
        """Return the name of an instance, or of all of a broker's."""
        return {each.name for each in self.plan.broker(broker).instances if number in (0, each.number)}

    def _keep_off(self, off: Mapping[str, bool]) -> None:
        if off != self.lab.note.off:
            self.lab.keep_off(off)

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Do nothing: the instance that is started next has the same files, and fails in the same way."""

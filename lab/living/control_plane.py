"""The control plane of an open lab, whose state is on file for all processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from lab.errors import LabTimeout
from lab.operating import Done
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab


class KeptControlPlane:
    """A lab and its Control, which is read from and written to the lab's note. The caller holds the lab's turn."""

    def __init__(self, lab: StandingLab, record: Callable[..., None]) -> None:
        self.lab, self.record = lab, record

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
        """Return nothing: no verb of an open lab stops an instance."""
        return ()

    def report_late(self, broker: str, number: int, *, since: float, within: float, of: str) -> str:
        """Raise LabTimeout."""
        what = f"broker {broker} had not started within {within:g} s of its {of}"
        raise LabTimeout(what, f"see: mqlab logs {broker}")

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Do nothing: the instance that is started next has the same files, and fails in the same way."""

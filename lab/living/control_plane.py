"""The control plane of an open lab: what comes of a verb is kept at once, for whoever has the lab next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from lab.errors import LabTimeout
from lab.operating import Done
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab


class KeptControlPlane:
    """A lab and its Control on file; whoever uses it has the lab's turn. What goes wrong is raised."""

    def __init__(self, lab: StandingLab, record: Callable[..., None]) -> None:
        self.lab, self.record = lab, record

    @property
    def plan(self) -> Plan:
        """Return the Plan of what stands now."""
        return self.lab.note.plan

    @property
    def control(self) -> Control:
        """Return what the cloud knows now."""
        return self.lab.note.control

    @property
    def machine(self) -> datetime:
        """Return the machine's time."""
        return datetime.now(UTC)

    @property
    def age(self) -> timedelta:
        """Return for how long the lab has stood, whichever process asks."""
        return self.machine - self.lab.note.opened

    @property
    def reboot_time(self) -> float:
        """Return the seconds that the topology says a reboot leaves a broker down."""
        return self.lab.note.reboot_time

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Do what takes no time to the Control, and keep it: a verb that is cut off goes on from there."""
        done = verb(self.control)
        self.lab.keep_control(done.control)
        self.record(*done.seen)
        return done

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition."""
        return self.lab.clock.wait(until, seconds)

    def serving(self, broker: str) -> int | None:
        """Return the active instance, None where none is."""
        return self.lab.active(broker)

    def stopped(self, broker: str) -> Collection[int]:
        """Return the instances that were stopped by hand; no verb of an open lab does that."""
        return ()

    def report_late(self, broker: str, number: int, *, since: float, within: float, of: str) -> str:
        """Raise LabTimeout."""
        what = f"broker {broker} had not started within {within:g} s of its {of}"
        raise LabTimeout(what, f"see: mqlab logs {broker}")

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Go on: the instance that is started next has the same files, and is to tell the same."""

"""What a verb finds and leaves: a lab with its Control, as a replay holds it, or somebody who has opened a lab."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from lab.history import Observation
from lab.operating.done import Done
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab


class ControlPlane(Protocol):
    """A lab, what the cloud knows of it, and what becomes of both while verbs are done."""

    @property
    def lab(self) -> Lab:
        """Return the lab itself."""
        ...

    @property
    def plan(self) -> Plan:
        """Return the Plan of what stands now."""
        ...

    @property
    def control(self) -> Control:
        """Return what the cloud knows now."""
        ...

    @property
    def machine(self) -> datetime:
        """Return the machine's time, from which the service's own is counted."""
        ...

    @property
    def age(self) -> timedelta:
        """Return for how long the lab has stood: requests of a peering expire by it."""
        ...

    @property
    def reboot_time(self) -> float:
        """Return the seconds that a reboot leaves a broker down where nothing else is said."""
        ...

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Do what takes no time to the Control of this moment; keep what comes of it, and record what was seen."""
        ...

    def record(self, *seen: Observation) -> None:
        """Record what was seen; moments are of the lab's clock."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Return whether a condition holds, at the latest after so many seconds."""
        ...

    def serving(self, broker: str) -> int | None:
        """Return the number of the active instance; None where none is, and none runs that could become it."""
        ...

    def stopped(self, broker: str) -> Collection[int]:
        """Return the instances that somebody has stopped by hand: a reboot leaves them so."""
        ...

    def late(self, broker: str, number: int, *, since: float, within: float, of: str) -> str:
        """Tell, or raise, that an instance has not started within so many seconds; "" where it came just now.

        `since` is the moment it was started at, of the lab's clock, and `of` names the verb.
        """
        ...

    def ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Take note of standbys that ended when they were to take over."""
        ...

"""The step `flap`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.base import units
from lab.declare.fields import Duration, Whole
from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink
from lab.link.impairment import LinkState


class Flap(OnLink):
    """Cut and heal a link several times."""

    verb: ClassVar[str] = "flap"
    fault = Fault.FLAPPING
    bridges = Bridges.RAISED
    brings = LinkState.OPEN
    times: Whole = Field(ge=1, le=10_000)
    """The number of cuts."""
    down: Duration
    """The duration of each cut."""
    up: Duration
    """The time between the end of a cut and the next cut."""

    @property
    def shortest(self) -> timedelta:
        """Return the time from the first cut to the last healing."""
        return self.down * self.times + self.up * (self.times - 1)

    def words(self) -> str:
        """Return the step in one line, for people."""
        down, up = units.format_duration(self.down), units.format_duration(self.up)
        return f"{super().words()} {units.times(self.times)}: cut for {down}, healed for {up}"

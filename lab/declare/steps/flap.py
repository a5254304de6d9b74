"""The step `flap`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab import units
from lab.declare.fields import Duration, Whole
from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink
from lab.link.impairment import LinkState


class Flap(OnLink):
    """A link is cut and healed in turns."""

    verb: ClassVar[str] = "flap"
    fault = Fault.FLAPPING
    bridges = Bridges.RAISED
    brings = LinkState.OPEN
    times: Whole = Field(ge=1, le=10_000)
    down: Duration  # how long each cut lasts
    up: Duration  # how long the link is open between two cuts

    @property
    def shortest(self) -> timedelta:
        """Return the time from the first cut to the last healing."""
        return self.down * self.times + self.up * (self.times - 1)

    def words(self) -> str:
        """Return the step in one line, for people."""
        down, up = units.format_duration(self.down), units.format_duration(self.up)
        return f"{super().words()} {units.times(self.times)}: cut for {down}, healed for {up}"

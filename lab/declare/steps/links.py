"""The steps on a link: impair, cut, reject, heal, flap."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.base import units
from lab.declare.fields import Duration, Whole
from lab.declare.steps.base import Bridges, Fault, OnLink
from lab.declare.topology import ImpairmentFields
from lab.link.impairment import Impairment, LinkState
from lab.network.link import impairment_text


class Impair(OnLink, ImpairmentFields):
    """Replace all impairments of a link; an omitted setting returns to its default."""

    verb: ClassVar[str] = "impair"
    fault = Fault.QUALITY

    @property
    def new_impairment(self) -> Impairment:
        """Return the impairment of the link after the step."""
        return self.impairment()

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{super().words()}: {impairment_text(self.new_impairment)}"


class Cut(OnLink):
    """Drop every packet on a link silently, as a broken cable does."""

    verb: ClassVar[str] = "cut"
    fault = Fault.LINK
    bridges = Bridges.DROPPED
    brings = LinkState.CUT


class Reject(OnLink):
    """Answer every packet on a link as a closed port would."""

    verb: ClassVar[str] = "reject"
    fault = Fault.LINK
    bridges = Bridges.DROPPED
    brings = LinkState.REJECT


class Heal(OnLink):
    """Let packets pass a link again, impaired as before."""

    verb: ClassVar[str] = "heal"
    fault = Fault.LINK
    bridges = Bridges.RAISED
    brings = LinkState.OPEN


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

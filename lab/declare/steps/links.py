"""The steps on a link: impair, cut, reject, heal, flap."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field

from lab.base import units
from lab.declare.fields import Duration, Whole
from lab.declare.references import LinkEnd, LinkName
from lab.declare.steps.base import Bridges, Fault, Part, Step
from lab.declare.topology import ImpairmentFields
from lab.link.impairment import Impairment, LinkState
from lab.network.link import impairment_text

_LONGEST = 150  # characters of two regions and an arrow
_END = r"[A-Za-z0-9][A-Za-z0-9._-]*?"
_ARROW = re.compile(rf"({_END})\s*(<?[-=]*>|<[-=]+|[→⇒↔←])\s*({_END})")


class OnLink(Step):
    """A step that changes a link."""

    changes = Part.LINKS
    brings: ClassVar[LinkState | None] = None  # the state of the link after it; None if it stays the same
    link: LinkName
    """The name of the link: its two regions, joined by a dash."""
    leaving: LinkEnd | None = None
    """The region that the packets of the changed direction leave (default: both directions)."""

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return the error and the remedy for a link with an arrow that is written without its key."""
        right = arrow_remedy(fields) if isinstance(fields, str) else ""
        return (f"{cls.verb} has a link, and a link is named with a dash", right) if right else None

    @property
    def new_impairment(self) -> Impairment | None:
        """Return the impairment of the link after the step; None if it stays the same."""
        return None

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb} link {self.link}" + (f" leaving {self.leaving}" if self.leaving is not None else "")


def arrow_remedy(text: str) -> str:
    """Return the remedy for a link that is written with an arrow between its regions; "" for another text."""
    if len(text) > _LONGEST or (parts := _ARROW.fullmatch(text.strip())) is None:
        return ""
    here, arrow, there = parts.groups()
    both = f"write {{link: {here}-{there}}}"
    if arrow[0] == "↔" or ("<" in arrow and ">" in arrow):
        return both
    begin = there if ">" not in arrow and arrow[0] in "<←" else here
    return f"{both} for both directions, or {{link: {here}-{there}, leaving: {begin}}} for this direction"


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

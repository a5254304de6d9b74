"""The base class of steps on a link."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from lab.declare.references import LinkEnd, LinkName
from lab.declare.steps.base import Part, Step
from lab.link.impairment import Impairment, LinkState

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

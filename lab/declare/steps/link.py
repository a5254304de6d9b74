"""The base class of steps on a link."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.references import LinkEnd, LinkName
from lab.declare.steps.base import Part, Step
from lab.link.impairment import Impairment, LinkState


class OnLink(Step):
    """A step that changes a link."""

    changes = Part.LINKS
    brings: ClassVar[LinkState | None] = None  # the state of the link after it; None if it stays the same
    link: LinkName
    """The name of the link: its two regions, joined by a dash."""
    leaving: LinkEnd | None = None
    """The region that the packets of the changed direction leave (default: both directions)."""

    @property
    def new_impairment(self) -> Impairment | None:
        """Return the impairment of the link after the step; None if it stays the same."""
        return None

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb} link {self.link}" + (f" leaving {self.leaving}" if self.leaving is not None else "")

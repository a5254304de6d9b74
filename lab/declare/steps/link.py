"""What the steps on a link share."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.references import LinkEnd, LinkName
from lab.declare.steps.base import Step


class OnLink(Step):
    """A step that changes a link."""

    leaves_open: ClassVar[bool | None] = None  # whether packets pass after it; None where that is as before
    link: LinkName
    leaving: LinkEnd | None = None  # one direction only: the region it leaves; both when left out

    def words(self) -> str:
        """Return it in one line, for people."""
        return f"{self.verb} link {self.link}" + (f" leaving {self.leaving}" if self.leaving is not None else "")

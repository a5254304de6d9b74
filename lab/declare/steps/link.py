"""What the steps on a link share."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.references import LinkEnd, LinkName
from lab.declare.steps.base import Step
from lab.link.impairment import LinkState


class OnLink(Step):
    """A step that changes a link."""

    brings: ClassVar[LinkState | None] = None  # the state it brings the link to; None where that stays as it is
    link: LinkName
    leaving: LinkEnd | None = None  # one direction only: the region it leaves; both when left out

    def words(self) -> str:
        """Return it in one line, for people."""
        return f"{self.verb} link {self.link}" + (f" leaving {self.leaving}" if self.leaving is not None else "")

"""The step `together`."""

from __future__ import annotations

from typing import Any, ClassVar

from lab.base import units
from lab.declare.steps.base import Compound


class Together(Compound):
    """Start steps at the same time, and wait until all are done."""

    verb: ClassVar[str] = "together"
    inside: ClassVar[tuple[str, ...]] = ()
    at_once = True

    def written(self) -> Any:
        """Return the list of inner entries."""
        return [step.entry() for step in self.steps]

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{units.several(len(self.steps), 'step')} at once"

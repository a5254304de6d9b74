"""The step `repeat`."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from lab.base import units
from lab.declare.fields import Whole
from lab.declare.steps.base import Compound


class Repeat(Compound):
    """Run steps in order, several times."""

    verb: ClassVar[str] = "repeat"
    inside: ClassVar[tuple[str, ...]] = ("steps",)
    times: Whole = Field(ge=1, le=10_000)
    """The number of rounds."""

    @property
    def rounds(self) -> int:
        """Return how many times the inner steps are done."""
        return self.times

    def written(self) -> Any:
        """Return the number of rounds and the list of inner entries."""
        return {"times": self.times, "steps": [step.entry() for step in self.steps]}

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{units.several(len(self.steps), 'step')}, {units.times(self.times)} over"

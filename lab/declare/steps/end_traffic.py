"""The step `end-traffic`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Part, Step


class EndTraffic(Step):
    """Stop traffic, and wait for the outcome of each of its messages."""

    verb: ClassVar[str] = "end-traffic"
    changes = Part.NOTHING
    name: Name
    """The name of the traffic."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"end traffic {self.name}"

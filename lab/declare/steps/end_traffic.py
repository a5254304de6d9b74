"""The step `end-traffic`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Part, Step


class EndTraffic(Step):
    """Traffic stops sending, and the acknowledgements of its messages are awaited."""

    verb: ClassVar[str] = "end-traffic"
    changes = Part.NOTHING
    name: Name

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"end traffic {self.name}"

"""The step `snapshot`.

Two snapshots take themselves where a claim needs them: `start`, before the first step, and `end`, when all is quiet.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from lab.declare.fields import Name
from lab.declare.steps.base import Step

START, END = "start", "end"


class Snapshot(Step):
    """Every counter of every broker is written down under a name, to be compared later."""

    verb: ClassVar[str] = "snapshot"
    name: Name

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @classmethod
    def file_schema(cls, its: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a name alone, or as a field."""
        return {"description": cls.__doc__, "oneOf": [its["properties"]["name"], {**its, "minProperties": 1}]}

    def words(self) -> str:
        """Return it in one line, for people."""
        return f"take the snapshot {self.name}"

"""The step `snapshot`.

A replay takes two snapshots by itself if an expectation needs them: `start`, before the first step, and `end`, when it
has settled.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from lab.declare.fields import RoundName
from lab.declare.steps.base import Part, Step

START, END = "start", "end"


class Snapshot(Step):
    """Record every counter of every broker under a name."""

    verb: ClassVar[str] = "snapshot"
    changes = Part.NOTHING
    names = ("name",)
    name: RoundName
    """The name of the snapshot, for use in expectations."""

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, raw: Any) -> Any:
        return {"name": raw} if isinstance(raw, str) else raw

    @classmethod
    def file_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a name alone, or of a mapping with it."""
        return {
            "description": schema["description"],
            "oneOf": [schema["properties"]["name"], {**schema, "minProperties": 1}],
        }

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"take the snapshot {self.name}"

"""A recording that a step names: its path, and what one look through it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_serializer, model_validator

from lab.declare.fields import Declared
from lab.recordings import Summary


class RecordingFile(Declared):
    """A recording; it is looked through with the scenario, and only its path is written down."""

    path: str = Field(min_length=1)  # as written
    file: Path = Field(default=Path(), exclude=True, repr=False)
    summary: Summary | None = Field(default=None, exclude=True, repr=False)  # None: nobody looked, as in a history

    @model_validator(mode="before")
    @classmethod
    def _path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_serializer
    def _written(self) -> str:
        return self.path

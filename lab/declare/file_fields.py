"""Files that a step names, as fields of the step: only the path is written down; `named_files` reads them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_serializer, model_validator

from lab.declare.fields import Declared


class NamedFile(Declared):
    """A file that a step names."""

    path: str = Field(min_length=1)
    """The path of the file, as the scenario has it."""

    @model_validator(mode="before")
    @classmethod
    def _path(cls, raw: Any) -> Any:
        return {"path": raw} if isinstance(raw, str) else raw

    @model_serializer
    def _written(self) -> str:
        return self.path


class BodyFile(NamedFile):
    """A file whose octets are a message's body; they are read with the scenario."""

    octets: bytes = Field(default=b"", exclude=True, repr=False)
    """The content of the file."""

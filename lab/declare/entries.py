"""What every step and every expectation has in common: one word, its fields, and how both are written back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from lab.declare.fields import Declared


class Addressed(Declared):
    """Something that may name a topic or a queue."""

    topic: str | None = Field(default=None, min_length=1)
    queue: str | None = Field(default=None, min_length=1)


class OneDestination(Addressed):
    """Something that names exactly one topic or one queue."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.topic is None) == (self.queue is None):
            raise ValueError("name one topic or one queue")
        return self


class Step(Declared):
    """One verb of a scenario."""

    verb: ClassVar[str]

    def written(self) -> Any:
        """Give what stands after the verb in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Expectation(Declared):
    """One claim about what the history will show."""

    claim: ClassVar[str]

    def written(self) -> Any:
        """Give what stands after the claim in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

"""What names a topic or a queue, be it a step or an expectation."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from lab.declare.fields import Declared


class Addressed(Declared):
    """Something that names a topic or a queue."""

    topic: str | None = Field(default=None, min_length=1)
    queue: str | None = Field(default=None, min_length=1)


class OneDestination(Addressed):
    """Something that names exactly one topic or one queue."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.topic is None) == (self.queue is None):
            raise ValueError("name one topic or one queue")
        return self

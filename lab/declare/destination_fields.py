"""The fields `topic` and `queue`, which steps and expectations share."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from lab.declare.fields import Declared

BOTH = "both topic and queue are given: remove one"


class Addressed(Declared):
    """A step or an expectation that may name a topic or a queue."""

    topic: str | None = Field(default=None, min_length=1)
    """The topic, as ActiveMQ names it, for example `prices.eur`."""
    queue: str | None = Field(default=None, min_length=1)
    """The queue, as ActiveMQ names it, for example `orders`."""


def check_one(addressed: Addressed) -> None:
    """Raise ValueError unless a topic or a queue is named, and not both."""
    if addressed.topic is not None and addressed.queue is not None:
        raise ValueError(BOTH)
    if addressed.topic is None and addressed.queue is None:
        raise ValueError("name one topic or one queue")


class OneDestination(Addressed):
    """A step or an expectation that names exactly one topic or one queue."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        check_one(self)
        return self

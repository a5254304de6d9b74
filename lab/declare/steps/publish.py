"""The step `publish`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.activemq.matching import MOST_MESSAGES
from lab.base import units
from lab.declare.fields import Duration, MessageRate, Whole
from lab.declare.steps.base import check_least
from lab.declare.steps.message import Message


class Publish(Message):
    """Publish messages, and wait for the outcome of each."""

    verb: ClassVar[str] = "publish"
    count: Whole = Field(default=1, ge=1, le=MOST_MESSAGES)
    """The number of messages."""
    every: Duration | None = None
    """The time between two messages (default: as fast as the broker acknowledges)."""
    rate: MessageRate | None = None
    """The number of messages per time, for example `50/s`, instead of `every`."""

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        if self.every is not None and self.rate is not None:
            raise ValueError("every and rate both set the pace: write one of them")
        return self

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        check_least(self.at_least, self.count)
        return self

    @property
    def shortest(self) -> timedelta:
        """Return the time from the first message to the last one."""
        if self.rate is not None:
            return timedelta(seconds=float((self.count - 1) / self.rate))
        return (self.every or timedelta(0)) * (self.count - 1)

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"publish {self.count} {self.sending()}"
        words += f", {units.format_message_rate(self.rate)}" if self.rate is not None else ""
        return words + (f", one every {units.format_duration(self.every)}" if self.every is not None else "")

"""Claims about how brokers took what befell them: what their logs say, and how soon messages came through again."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.declare.base import Addressed, Expectation
from lab.declare.fields import Duration, Name, Names, Whole, YesNo

# The steps that an expectation can count from; of several such steps, the last one is meant.
After = Literal[
    "cut", "reject", "heal", "impair", "stop", "kill", "start", "reboot", "pause", "resume", "connector"
]  # fmt: skip


class Log(Expectation):
    """A broker's log has a line, or has none."""

    claim: ClassVar[str] = "log"
    broker: Name
    matches: str = Field(min_length=1, max_length=200)  # a pattern's name, or a regular expression
    count: Whole = Field(default=1, ge=1)  # at least so many lines
    absent: YesNo = False
    after: After | None = None
    within: Duration | None = None  # of `after`

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.within is not None and self.after is None:
            raise ValueError("within counts from a step: add after")
        if self.absent and "count" in self.model_fields_set:
            raise ValueError("count is of lines that must appear: remove it, or absent")
        return self


class Recovered(Expectation, Addressed):
    """The first message after a step came through soon enough."""

    claim: ClassVar[str] = "recovered"
    to: Names = ()  # every subscriber of the destination when left out
    after: After
    within: Duration  # of `after`

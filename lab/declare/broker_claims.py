"""Claims about how brokers took what befell them: what their logs say, and how soon messages came through again."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from lab.activemq import log_lines
from lab.declare.expectation import Expectation
from lab.declare.fields import Duration, Each, Name, Whole, YesNo
from lab.declare.step import Addressed

# The steps that an expectation can count from; of several such steps, the last one is meant.
After = Literal[
    "cut", "reject", "heal", "impair", "flap", "stop", "kill", "start", "reboot", "pause", "resume", "connector",
    "create-peering", "accept-peering", "reject-peering", "delete-peering", "create-route", "delete-route",
    "authorize-ingress", "revoke-ingress",
    "update-broker",
    "create-broker", "delete-broker",
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

    @field_validator("matches")
    @classmethod
    def _can_be_looked_for(cls, value: str) -> str:
        try:
            log_lines.pattern(value)
        except ValueError as error:
            raise ValueError(f"not a regular expression ({error}): write one as RE2 knows it") from error
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.within is not None and self.after is None:
            raise ValueError("within counts from a step: add after")
        if self.absent and self.count != 1:
            raise ValueError("count is of lines that must appear: remove it, or absent")
        return self


class Recovered(Expectation, Addressed):
    """The first message after a step came through soon enough."""

    claim: ClassVar[str] = "recovered"
    to: Each | None = None  # every subscriber of the destination when left out
    after: After
    within: Duration  # of `after`

"""The expectation `log`: a broker's log has a line, or has none."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from lab.activemq import log_lines
from lab.declare.between import Amount
from lab.declare.expectations.base import After, Basis, Expectation, LogLines, Term, is_fault
from lab.declare.fields import Duration, Whole, YesNo
from lab.declare.references import BrokerName, Reference, Thing


class Log(Expectation):
    """A broker's log has a line, or has none."""

    kind: ClassVar[str] = "log"
    rests_on_watching: ClassVar[bool] = True
    broker: BrokerName
    matches: str = Field(min_length=1, max_length=200)  # a pattern's name, or a regular expression
    count: Whole = Field(default=1, ge=1)  # at least so many lines
    times: Amount | None = None  # so many lines, neither fewer nor more
    absent: YesNo = False
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="remove after")] | None = None
    within: Duration | None = None  # of `after`

    @property
    def of_absence(self) -> bool:
        """Return whether there may be no such line."""
        return not self.wanted.at_least

    @property
    def basis(self) -> Basis:
        """Return the class of a simulated verdict: how often a line comes depends on timers."""
        return Basis.TIMER if self.term or self.times or self.count > 1 else Basis.RULE

    @property
    def wanted(self) -> Amount:
        """Return how many lines are expected; of an expectation that there are none, 0."""
        if self.absent:
            return Amount(at_least=0, at_most=0)
        return self.times or Amount(at_least=self.count)

    @property
    def log_lines(self) -> LogLines:
        """Return the lines that the expectation is about."""
        return LogLines(self.broker, self.matches, self.absent or self.times is not None)

    @property
    def term(self) -> Term | None:
        """Return the time in which the line must appear."""
        return Term.of(self.after, self.within)

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
        if self.times is not None and (self.absent or self.count != 1):
            raise ValueError(f"times says how often: remove {'absent' if self.absent else 'count'}")
        if self.times is not None and self.times.at_most == 0:
            raise ValueError("of no such line: write absent: yes")
        return self

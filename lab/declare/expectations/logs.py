"""The expectation `log`: a broker's log has matching lines, or does not have any."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from lab.activemq import log_lines
from lab.declare.between import Amount
from lab.declare.expectations.base import After, Basis, Expectation, LogLines, Term, is_fault
from lab.declare.fields import Duration, Whole, YesNo
from lab.declare.references import BrokerName, Reference, Thing


class Log(Expectation):
    """A broker's log has matching lines, or does not have any."""

    kind: ClassVar[str] = "log"
    depends_on_watching: ClassVar[bool] = True
    broker: BrokerName
    """The broker whose log is searched."""
    matches: str = Field(min_length=1, max_length=200)
    """The name of a known log line, or a regular expression in RE2 syntax."""
    count: Whole = Field(default=1, ge=1)
    """The minimum number of matching lines."""
    times: Amount | None = None
    """The exact or bounded number of matching lines, instead of `count`."""
    absent: YesNo = False
    """Whether the log must have no matching line."""
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="remove the key after")] | None = None
    """The step from whose start lines are searched (default: the whole log)."""
    within: Duration | None = None
    """The time, from the end of step `after`, in which the line must appear."""

    @property
    def of_absence(self) -> bool:
        """Return whether there may be no such line."""
        return not self.wanted.at_least

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how often a line comes depends on timers."""
        return Basis.TIMER if self.term or self.times or self.count > 1 else Basis.RULE

    @property
    def wanted(self) -> Amount:
        """Return the bounds for the number of matching lines; with `absent` it is 0."""
        if self.absent:
            return Amount(at_least=0, at_most=0)
        return self.times or Amount(at_least=self.count)

    @property
    def log_lines(self) -> LogLines:
        """Return the lines that the expectation covers."""
        return LogLines(self.broker, self.matches, self.absent or self.times is not None)

    @property
    def term(self) -> Term | None:
        """Return the time in which the line must appear."""
        return Term.of(self.after, self.within)

    @field_validator("matches")
    @classmethod
    def _can_be_looked_for(cls, pattern: str) -> str:
        try:
            log_lines.pattern(pattern)
        except ValueError as error:
            raise ValueError(f"not a regular expression ({error}): write an expression in RE2 syntax") from error
        return pattern

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.within is not None and self.after is None:
            raise ValueError("within begins after a step: add after")
        if self.absent and self.count != 1:
            raise ValueError("count applies to lines that must appear: remove count, or absent")
        if self.times is not None and (self.absent or self.count != 1):
            raise ValueError(f"times is already the number of lines: remove {'absent' if self.absent else 'count'}")
        if self.times is not None and self.times.at_most == 0:
            raise ValueError("times permits no line: write absent: yes instead")
        return self

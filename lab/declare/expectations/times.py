"""The expectations of times: latency, finished, recovered."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, model_validator

from lab.base.printable import shown
from lab.base.units import format_duration
from lab.declare.between import Between, Bounds
from lab.declare.expectations.base import After, Arrivals, Basis, StepName, Term, is_fault
from lab.declare.expectations.messages import ToReceivers
from lab.declare.fields import Duration, Name
from lab.declare.message_fields import Addressed
from lab.declare.references import BrokerPair, Reference, Thing
from lab.declare.steps.base import Step
from lab.declare.steps.messages import Message


class Latency(ToReceivers):
    """The latency of messages, from sending to first delivery, is within the given bounds."""

    kind: ClassVar[str] = "latency"
    basis_without_term: ClassVar[Basis] = Basis.WINDOW  # how long something takes
    direction: BrokerPair | None = None
    """The broker of the publishers and the broker of the subscribers (default: any)."""
    at_least: Duration | None = None
    """The minimum latency of the fastest message."""
    p50: Bounds | None = None
    """The median latency, at most or within bounds."""
    p95: Bounds | None = None
    """The 95th percentile of the latency, at most or within bounds."""
    p99: Bounds | None = None
    """The 99th percentile of the latency, at most or within bounds."""
    max: Bounds | None = None
    """The latency of the slowest message, at most or within bounds."""

    @property
    def of_speed(self) -> bool:
        """Return whether a latency has an upper bound."""
        bounds = (self.p50, self.p95, self.p99, self.max)
        return any(each is not None and each.at_most is not None for each in bounds)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not any((self.at_least, self.p50, self.p95, self.p99, self.max)):
            raise ValueError("give a bound: at-least, p50, p95, p99 or max")
        low, by = self.at_least, "at-least"
        for name in ("p50", "p95", "p99", "max"):
            bounds: Bounds | None = getattr(self, name)
            if bounds is None:
                continue
            if bounds.at_least is not None and (low is None or bounds.at_least > low):
                low, by = bounds.at_least, name
            if low is not None and bounds.at_most is not None and low > bounds.at_most:
                asked = f"at least {format_duration(low)} by {by}, at most {format_duration(bounds.at_most)} by {name}"
                raise ValueError(f"no messages keep both: {asked}")
        return self


_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")


def _parse(raw: Any) -> Any:
    if isinstance(raw, int | float):
        return raw
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw):
        raise ValueError(f"{shown(str(raw))} is not a number of times: write 1.5")
    return float(raw)


def _format(number: float) -> str:
    return f"{number:.9g}"


_Number = Annotated[
    float,
    BeforeValidator(_parse),
    PlainSerializer(_format, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["number", "string"], "pattern": r"^\d+(\.\d+)?$", "examples": [1.5]}),
]


SENDING = "name a publish, traffic or request step"


def _sends(kind: type[Step]) -> bool:
    return issubclass(kind, Message)


_Sending = Annotated[
    Name,
    StepName(_sends),
    Reference(Thing.STEP, kinds=_sends, alone=SENDING, instead="name one by its verb or its `as`"),
]


class Factor(Between):
    """A multiple of a time: a maximum, `1.5`, or bounds, `{at-least: 0.5, at-most: 1.5}`."""

    at_least: _Number | None = None
    """The minimum, as a multiple of the other step's time."""
    at_most: _Number | None = None
    """The maximum, as a multiple of the other step's time."""

    @staticmethod
    def formatted(bound: float) -> str:
        """Return a number of times as a file has it."""
        return _format(bound)


class Finished(ToReceivers):
    """All messages of a step were received within a time from the start of the step."""

    kind: ClassVar[str] = "finished"
    basis_without_term: ClassVar[Basis] = Basis.WINDOW  # how long something takes
    step: _Sending
    """The step that sends the messages: its name, or its verb."""
    within: Bounds | None = None
    """The time from the start of the step to the last arrival, at most or within bounds."""
    times: Factor | None = None
    """The same time as a multiple of step `of`, at most or within bounds."""
    of: _Sending | None = None
    """The step whose time is compared: its name, or its verb."""

    @property
    def arrivals(self) -> Arrivals | None:
        """Return the messages that must arrive: none is sent before its step begins."""
        longest = None if self.within is None else self.within.at_most
        within = longest or timedelta(seconds=10)
        return Arrivals(to=self.to, destination=None, within=within, none=False, of_a_step=True)

    @property
    def of_speed(self) -> bool:
        """Return whether a step must take a minimum time, or as long as another step."""
        return self.times is not None or (self.within is not None and self.within.at_least is not None)

    @model_validator(mode="after")
    def _expects_a_time(self) -> Self:
        if (self.times is None) != (self.of is None):
            raise ValueError("times and of go together: write both, to compare with the time of another step")
        if self.within is None and self.times is None:
            raise ValueError("nothing is expected: write within, or times and of")
        if self.of is not None and self.of == self.step:
            raise ValueError(f"{self.step} takes as long as {self.of}: name another step in of")
        return self


class Recovered(ToReceivers, Addressed):
    """Messages were received again within a time after a step."""

    kind: ClassVar[str] = "recovered"
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="name another step")]
    """The step after which `within` begins: its name, or a verb for the last step of this kind."""
    within: Duration
    """The maximum time from the end of step `after` to the next delivery of a message."""

    @property
    def term(self) -> Term | None:
        """Return the time in which the first message must arrive."""
        return Term(self.after, self.within)

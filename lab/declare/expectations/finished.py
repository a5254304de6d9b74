"""The expectation `finished`: how long it took until the last message of a step had come."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, model_validator

from lab.base.printable import shown
from lab.declare.between import Between, Bounds
from lab.declare.expectations.base import Arrivals, Basis, StepName
from lab.declare.expectations.receivers import ToReceivers
from lab.declare.fields import Name
from lab.declare.references import Reference, Thing
from lab.declare.steps.base import Step
from lab.declare.steps.messages import Message

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
    step: _Sending
    """The step that sends the messages: its name, or its verb."""
    within: Bounds | None = None
    """The time from the start of the step to the last arrival, at most or within bounds."""
    times: Factor | None = None
    """The same time as a multiple of step `of`, at most or within bounds."""
    of: _Sending | None = None
    """The step whose time is compared: its name, or its verb."""

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how long something takes."""
        return Basis.WINDOW

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

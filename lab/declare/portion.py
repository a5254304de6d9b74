"""A portion of messages: a number of them, `10`, or a part of all, `40%`; or bounds, each of either kind."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, model_serializer, model_validator

from lab import units
from lab.declare.fields import Declared


def _parse(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("a number or a percentage is needed here, or {at-least: 1, at-most: 60%}")
    if value.endswith("%"):
        return units.parse_percent(value)
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"{value!r} is neither a whole number nor a percentage: write 10 or 40%")
    return int(value)


def _format(bound: int | float) -> int | str:
    return bound if isinstance(bound, int) else units.format_percent(bound)


Bound = Annotated[
    int | float,  # a number of messages, or a part of all of them, 0 to 1
    BeforeValidator(_parse),
    PlainSerializer(_format, when_used="json"),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^(\d+|\d+(\.\d+)?%)$", "examples": [1, "40%"]}),
]


class Portion(Declared):
    """So many of some messages: exactly, `10` or `50%`, or within bounds, `{at-least: 1, at-most: 60%}`."""

    at_least: Bound | None = None
    at_most: Bound | None = None

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, value: Any) -> Any:
        if isinstance(value, Portion | dict):
            return value
        bound = _parse(value)
        return {"at_least": bound, "at_most": bound}

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("give a bound: at-least, at-most, or both")
        if low is not None and high is not None and type(low) is type(high) and low > high:
            raise ValueError(f"no portion is at least {_format(low)} and at most {_format(high)}")
        return self

    @model_serializer
    def _written(self) -> int | str | dict[str, int | str]:
        if self.at_least is not None and self.at_least == self.at_most:
            return _format(self.at_least)
        bounds = {"at-least": self.at_least, "at-most": self.at_most}
        return {key: _format(bound) for key, bound in bounds.items() if bound is not None}

    def holds(self, number: int, whole: int) -> bool:
        """Return whether so many of `whole` messages are within the bounds, both inclusive."""
        low, high = (None if bound is None else _number(bound, whole) for bound in (self.at_least, self.at_most))
        return (low is None or number >= low) and (high is None or number <= high)

    @property
    def words(self) -> str:
        """Return the bounds in words: `10`, `at least 40%`, `1 to 60%`."""
        if self.at_least is None or self.at_most is None:
            bound = self.at_most if self.at_least is None else self.at_least
            return f"at {'most' if self.at_least is None else 'least'} {_format(bound or 0)}"
        low, high = _format(self.at_least), _format(self.at_most)
        return f"{low}" if low == high else f"{low} to {high}"


def _number(bound: int | float, whole: int) -> Fraction:
    """Return a bound as a number of messages, which need not be whole."""
    return Fraction(bound) if isinstance(bound, int) else Fraction(repr(bound)) * whole

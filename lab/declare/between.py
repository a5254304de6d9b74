"""Quantities with bounds: one alone, `10`, or `{at-least: 1, at-most: 20}`."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BeforeValidator,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from lab.base import units
from lab.declare.fields import Declared, Duration, Whole, read_number, read_scalar


class Between(Declared):
    """A quantity within bounds, both inclusive. Without `noun`, a quantity alone is the upper bound.

    A subclass gives both fields their type. A pydantic generic would build a validator at import.
    """

    noun: ClassVar[str] = ""  # of the quantity, if a quantity alone is both bounds
    at_least: Any = None
    """The minimum."""
    at_most: Any = None
    """The maximum."""

    @staticmethod
    def parsed(text: Any) -> Any:
        """Return the quantity of a text; raise ValueError if it is not possible."""
        return text

    @staticmethod
    def formatted(bound: Any) -> Any:
        """Return a bound as a file has it."""
        return bound

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, text: Any) -> Any:
        if isinstance(text, cls | dict):
            return text
        bound = cls.parsed(text)
        return {"at_least": bound, "at_most": bound} if cls.noun else {"at_most": bound}

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("write a bound: at-least, at-most, or both")
        # A number of messages and a percentage of messages cannot be compared.
        if low is not None and high is not None and type(low) is type(high) and low > high:
            if not self.noun:
                raise ValueError("at-least is more than at-most")
            raise ValueError(f"no {self.noun} is at least {self.formatted(low)} and at most {self.formatted(high)}")
        return self

    @model_serializer
    def _written(self) -> Any:
        written = (("at-least", self.at_least), ("at-most", self.at_most))
        bounds = {key: self.formatted(bound) for key, bound in written if bound is not None}
        alone = bounds.get("at-most") == bounds.get("at-least") if self.noun else "at-least" not in bounds
        return bounds["at-most"] if alone else bounds

    @property
    def words(self) -> str:
        """Return the bounds in words: `10`, `at least 1`, `at most 60%`, `1 to 20`."""
        if self.at_most is None:
            return f"at least {self.formatted(self.at_least)}"
        if self.at_least is None:
            return f"at most {self.formatted(self.at_most)}"
        low, high = self.formatted(self.at_least), self.formatted(self.at_most)
        return f"{low}" if low == high else f"{low} to {high}"

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of a quantity alone, or of a mapping with one bound at least."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        alone = dict(schema["properties"]["at-most"]["anyOf"][0])
        described = {"description": schema.pop("description")} if "description" in schema else {}  # none under -OO
        return {**described, "oneOf": [alone, {**schema, "minProperties": 1}]}


class Amount(Between):
    """A number: exact, `10`, or within bounds, `{at-least: 1, at-most: 20}`."""

    noun: ClassVar[str] = "number"
    at_least: Whole | None = None
    """The minimum number."""
    at_most: Whole | None = None
    """The maximum number."""

    @staticmethod
    def parsed(text: Any) -> Any:
        """Return the number of a text; raise ValueError if it is not whole."""
        if isinstance(text, list):
            raise ValueError("a number is needed here, or {at-least: NUMBER, at-most: NUMBER}")
        return read_number(text)

    def holds(self, number: int) -> bool:
        """Return whether a number is within the bounds, both inclusive."""
        return (self.at_least or 0) <= number and (self.at_most is None or number <= self.at_most)


class Bounds(Between):
    """The bounds for a time: a maximum, `1s`, or both, `{at-least: 1s, at-most: 2s}`."""

    at_least: Duration | None = None
    """The minimum time."""
    at_most: Duration | None = None
    """The maximum time."""

    @staticmethod
    def parsed(text: Any) -> timedelta:
        """Return the duration of a text; raise ValueError if it is not one."""
        return units.parse_duration(read_scalar(text))

    @staticmethod
    def formatted(bound: timedelta) -> str:
        """Return a duration as a file has it."""
        return units.format_duration(bound)


def _parse_portion(text: Any) -> Any:
    if isinstance(text, int | float):
        return text
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError("a number or a percentage is needed here, or {at-least: 1, at-most: 60%}")
    if text.endswith("%"):
        return units.parse_percent(text)
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is neither a whole number nor a percentage: write 10 or 40%")
    return int(text)


def _format_portion(bound: int | float) -> int | str:
    return bound if isinstance(bound, int) else units.format_percent(bound)


_PortionBound = Annotated[
    int | float,  # a number of messages, or a part of all messages, 0 to 1
    BeforeValidator(_parse_portion),
    PlainSerializer(_format_portion, when_used="json"),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^(\d+|\d+(\.\d+)?%)$", "examples": [1, "40%"]}),
]


class Portion(Between):
    """A number or percentage of messages: exact, `10` or `50%`, or within bounds, `{at-least: 1, at-most: 60%}`."""

    noun: ClassVar[str] = "portion"
    at_least: _PortionBound | None = None
    """The minimum, as a number or as a percentage."""
    at_most: _PortionBound | None = None
    """The maximum, as a number or as a percentage."""

    @staticmethod
    def parsed(text: Any) -> Any:
        """Return the number or the part of a text; raise ValueError if it is not one."""
        return _parse_portion(text)

    @staticmethod
    def formatted(bound: int | float) -> int | str:
        """Return a bound as a file has it."""
        return _format_portion(bound)

    def holds(self, number: int, whole: int) -> bool:
        """Return whether so many of `whole` messages are within the bounds, both inclusive."""
        low, high = (None if bound is None else _number(bound, whole) for bound in (self.at_least, self.at_most))
        return (low is None or number >= low) and (high is None or number <= high)


def _number(bound: int | float, whole: int) -> Fraction:
    """Return a bound as a number of messages, which need not be whole."""
    return Fraction(bound) if isinstance(bound, int) else Fraction(repr(bound)) * whole

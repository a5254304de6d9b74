"""The kinds of scalar a file may hold: durations, rates, sizes, percentages, names, destinations.

Every scalar of a file arrives as text; the field decides what it means, and writes it back as the same text.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema

from lab import units


class Declared(BaseModel):
    """Anything a person writes: frozen, unknown keys refused, keys in kebab-case."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


def _text_to(parse: Any, already: type) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, already):
            return value
        try:
            return parse(_short_text(value))
        except OverflowError as error:
            raise ValueError(f"{value!r} is more than can be counted") from error

    return BeforeValidator(read)


def _short_text(value: Any) -> str:
    """Give a scalar's text; no quantity, number or address is long."""
    if not isinstance(value, str):
        raise ValueError("a single value is needed here, not a list or a mapping")
    if len(value) > 40:
        raise ValueError(f"{value[:40]!r}… is too long to be what is needed here")
    return value


def _yes_no(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    text = _short_text(value)
    if text in ("yes", "true"):
        return True
    if text in ("no", "false"):
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def _whole(value: Any) -> Any:
    if isinstance(value, int):
        return value
    text = _short_text(value).replace("_", "")
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{value!r} is not a whole number")
    return int(text)


def _cidr(value: Any) -> Any:
    if isinstance(value, IPv4Network):
        return value
    text = _short_text(value)
    try:
        return IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a CIDR block ({error}): write 10.1.0.0/16") from error


def _address(value: Any) -> Any:
    if isinstance(value, IPv4Address):
        return value
    text = _short_text(value)
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an IPv4 address: write 10.1.0.10") from error


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _as_text(write: Any) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


Duration = Annotated[
    timedelta,
    _text_to(units.parse_duration, timedelta),
    _as_text(units.format_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(0|\d+(\.\d+)?(us|ms|s|m|h))$", "examples": ["35ms", "1.5s"]}),
]
Rate = Annotated[
    int,
    _text_to(units.parse_rate, int),
    _as_text(units.format_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(bit|kbit|mbit|gbit)$", "examples": ["20mbit"]}),
]
MessageRate = Annotated[
    Fraction,  # messages a second
    _text_to(units.parse_message_rate, Fraction),
    _as_text(units.format_message_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?/(s|m|h)$", "examples": ["50/s", "6/m"]}),
]
Size = Annotated[
    int,
    _text_to(units.parse_size, int),
    _as_text(units.format_size),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$", "examples": ["64KiB"]}),
]
Percent = Annotated[
    float,
    _text_to(units.parse_percent, float),
    _as_text(units.format_percent),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?%$", "examples": ["1%"]}),
]
YesNo = Annotated[
    bool,
    BeforeValidator(_yes_no),
    _as_text(_yes_or_no),
    WithJsonSchema({"enum": ["yes", "no", True, False]}),  # an editor may read a plain yes as a truth value
]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d+$"})]
Cidr = Annotated[IPv4Network, BeforeValidator(_cidr), WithJsonSchema({"type": "string", "examples": ["10.1.0.0/16"]})]
Address = Annotated[
    IPv4Address, BeforeValidator(_address), WithJsonSchema({"type": "string", "examples": ["10.1.0.10"]})
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]

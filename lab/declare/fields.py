"""The types of a file's fields: durations, rates, sizes, percentages, addresses, names, numbers, bounds.

Every scalar of a file arrives as text; the type of its field parses it, and writes it back as the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from lab.amazonmq.account.maintenance import check_zone
from lab.amazonmq.passwords import LONGEST, SHORTEST
from lab.base import units
from lab.base.printable import shown
from lab.errors import InputError


class Declared(BaseModel):
    """The base of every model of a file: frozen, keys in kebab-case, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        defer_build=True,
    )


def types_in(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and every part of it: type arguments, members of a union, marks added by `Annotated`."""
    yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def _parsed_by(parse: Any, already: type) -> BeforeValidator:
    def read(raw: Any) -> Any:
        if isinstance(raw, already):
            return raw
        try:
            return parse(read_scalar(raw))
        except OverflowError as error:
            raise ValueError(f"{raw!r} is more than can be counted") from error

    return BeforeValidator(read)


def read_scalar(raw: Any) -> str:
    """Return the text of a scalar; raise ValueError for a list, a mapping, or a text too long for a quantity."""
    if not isinstance(raw, str):
        raise ValueError("a single value is needed here, not a list or a mapping")
    if len(raw) > 40:
        raise ValueError(f"{shown(raw)} is too long for this field")
    return raw


def _parse_yes_no(raw: Any) -> Any:
    if isinstance(raw, bool):
        return raw
    text = read_scalar(raw)
    if text in ("yes", "true"):
        return True
    if text in ("no", "false"):
        return False
    raise ValueError(f"{raw!r} is neither yes nor no")


class NotWholeError(ValueError):
    """A text is not a whole number from 0 up; the bounds of its field determine the remedy."""


def read_number(raw: Any) -> Any:
    """Return the whole number of a text; raise NotWholeError if it is not one."""
    if isinstance(raw, int):
        return raw
    text = read_scalar(raw).replace("_", "")
    if not text.isascii() or not text.isdigit():
        negative = text.startswith("-") and text[1:].strip("0").isdigit()
        raise NotWholeError(f"{raw!r} is {'below 0' if negative else 'not a whole number'}")
    return int(text)


def _parse_cidr(raw: Any) -> Any:
    if isinstance(raw, IPv4Network):
        return raw
    text = read_scalar(raw)
    try:
        return IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{raw!r} is not a CIDR block ({error}): write {_suggest_block(text)}") from error


def _suggest_block(text: str) -> str:
    """Return the CIDR block around an address, or an example."""
    try:
        return str(IPv4Network(text, strict=False))
    except ValueError:
        return "10.1.0.0/16"


def _parse_address(raw: Any) -> Any:
    if isinstance(raw, IPv4Address):
        return raw
    text = read_scalar(raw)
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise ValueError(f"{raw!r} is not an IPv4 address: write 10.1.0.10") from error


def _parse_moment(raw: Any) -> Any:
    if isinstance(raw, datetime):
        return raw
    date, _, rest = str(raw).partition(" ")
    time, _, zone = rest.partition(" ")
    try:
        check_zone(zone or "UTC")
        moment = datetime.fromisoformat(f"{date}T{time}")
        if moment.tzinfo is None:
            return moment.replace(tzinfo=ZoneInfo(zone or "UTC"))
    except (ValueError, InputError):
        pass
    raise ValueError(f'{raw!r} is not a moment: write one such as "2026-11-29 02:59:55 Asia/Tokyo"')


def _format_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzinfo}"


def _parse_list(raw: Any) -> Any:
    return (raw,) if isinstance(raw, str) else raw


def _format_yes_no(yes: bool) -> str:
    return "yes" if yes else "no"


def _written_by(write: Any) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


Duration = Annotated[
    timedelta,
    _parsed_by(units.parse_duration, timedelta),
    _written_by(units.format_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(0|\d+(\.\d+)?(us|ms|s|m|h))$", "examples": ["35ms", "1.5s"]}),
]
Rate = Annotated[
    int,
    _parsed_by(units.parse_rate, int),
    _written_by(units.format_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(bit|kbit|mbit|gbit)$", "examples": ["20mbit"]}),
]
MessageRate = Annotated[
    Fraction,  # messages a second
    _parsed_by(units.parse_message_rate, Fraction),
    _written_by(units.format_message_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?/(s|m|h)$", "examples": ["50/s", "6/m"]}),
]
Size = Annotated[
    int,
    _parsed_by(units.parse_size, int),
    _written_by(units.format_size),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$", "examples": ["64KiB"]}),
]
Percent = Annotated[
    float,
    _parsed_by(units.parse_percent, float),
    _written_by(units.format_percent),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?%$", "examples": ["1%"]}),
]
YesNo = Annotated[
    bool,
    BeforeValidator(_parse_yes_no),
    _written_by(_format_yes_no),
    WithJsonSchema({"enum": ["yes", "no", True, False]}),  # an editor may read a plain yes as a boolean
]
Whole = Annotated[
    int, BeforeValidator(read_number), WithJsonSchema({"type": ["integer", "string"], "pattern": r"^\d+$"})
]
Cidr = Annotated[
    IPv4Network, BeforeValidator(_parse_cidr), WithJsonSchema({"type": "string", "examples": ["10.1.0.0/16"]})
]
Address = Annotated[
    IPv4Address, BeforeValidator(_parse_address), WithJsonSchema({"type": "string", "examples": ["10.1.0.10"]})
]
Moment = Annotated[
    datetime,
    BeforeValidator(_parse_moment),
    _written_by(_format_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-11-29 02:59:55 Asia/Tokyo"]}),
]
Password = Annotated[
    SecretStr,
    WithJsonSchema(
        {
            "description": "The password: `generated`, an environment variable, or the text.",
            "oneOf": [
                {"const": "generated"},
                {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST},
                {
                    "type": "object",
                    "properties": {
                        "env": {
                            "description": "The environment variable that has the password.",
                            "type": "string",
                            "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                        }
                    },
                    "required": ["env"],
                    "additionalProperties": False,
                },
            ],
        }
    ),
]
ROUND = "{n}"  # in a name: the number of the round of the repeat that the step is in
RoundName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]|\{n\}){0,62}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_parse_list)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_parse_list)]


def _check_pair(pair: tuple[str, ...]) -> tuple[str, ...]:
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ValueError("two different names are needed here: write [FIRST, SECOND]")
    return pair


Pair = Annotated[Names, AfterValidator(_check_pair), Field(json_schema_extra={"minItems": 2, "maxItems": 2})]


class Receivers(Declared):
    """The receivers: all of the clients, `[a, b]` or `{all: [a, b]}`, or one of them, `{any: [a, b]}`."""

    all: Names = ()
    """The clients that must all receive each message; the subscribers of a queue share its messages."""
    any: Names = ()
    """The clients of which one must receive each message."""

    @model_validator(mode="before")
    @classmethod
    def _all(cls, raw: Any) -> Any:
        return raw if isinstance(raw, Receivers | dict) else {"all": raw}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.all) == bool(self.any):
            both = "all and any exclude each other" if self.all else "no client is named"
            raise ValueError(
                f"{both}: write [NAME, NAME] or {{any: [NAME, NAME]}}; without `to`, all subscribers are meant"
            )
        return self

    @model_serializer
    def _written(self) -> list[str] | dict[str, list[str]]:
        return {"any": list(self.any)} if self.any else list(self.all)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the clients, of either form."""
        return self.all or self.any


def _check_each(receivers: Receivers) -> Receivers:
    if receivers.any:
        raise ValueError("each subscriber is judged by itself here: write [NAME, NAME]")
    return receivers


Each = Annotated[Receivers, AfterValidator(_check_each)]

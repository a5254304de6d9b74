"""The figures of an impairment, each declared once, with its unit, default, name and words.

Files, commands, texts and the router's file are made from `FIGURES`. To add a figure, add a field to `Impairment`, and
its effect on packets to `direction`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

from lab.link import fields

LONGEST_DELAY = timedelta(minutes=1)  # no packet is held longer
MICROSECOND = timedelta(microseconds=1)


class Kind(StrEnum):
    """The kind of quantity that a figure is; the value is the word for it in a command's usage."""

    TIME = "TIME"
    SHARE = "PERCENT"  # 0 to 1
    RATE = "RATE"  # bits a second
    SIZE = "SIZE"  # bytes
    COUNT = "N"
    CHOICE = "NAME"  # a member of an enumeration


_LARGEST = {Kind.RATE: 1_000_000_000_000, Kind.SIZE: 1 << 40, Kind.COUNT: 1 << 40}


class Distribution(StrEnum):
    """How jitter spreads around the delay."""

    NORMAL = "normal"
    UNIFORM = "uniform"


class LinkState(StrEnum):
    """The state of a direction: open passes packets, cut drops them silently, reject answers as a closed port would."""

    OPEN = "open"
    CUT = "cut"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an impairment, with all that reading and writing it needs."""

    kind: Kind
    phrase: str  # for texts: {} stands for its value, {NAME} for another figure's; empty: not mentioned
    about: str  # one line of help
    key: str = ""  # in scenario files and options: the name with dashes, unless set here
    name: str = ""  # the field's; set, with the default, from `Impairment`
    default: Any = None

    @property
    def router_key(self) -> str:
        """Return the figure's key in the router's file, with the unit of its plain numbers."""
        return self.name + {Kind.TIME: "_us", Kind.RATE: "_bps"}.get(self.kind, "")

    def write(self, figure: Any) -> Any:
        """Return a figure as in the router's file: times in µs."""
        return figure / MICROSECOND if self.kind is Kind.TIME else figure

    def read(self, written: Any, place: str) -> Any:
        """Return a figure of the router's file as in an Impairment; raise ConfigError if it is invalid."""
        if self.kind is Kind.TIME:
            return fields.number(written, place, 0, LONGEST_DELAY // MICROSECOND) * MICROSECOND
        if self.kind is Kind.SHARE:
            return fields.number(written, place, 0, 1)
        if self.kind is Kind.CHOICE:
            choices: type[StrEnum] = type(self.default)
            return choices(fields.word(written, place, [*choices]))
        return fields.optional(written, place, _LARGEST[self.kind])


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """The impairment of packets in one direction of a link; always set as a whole, never added up."""

    delay: Annotated[
        timedelta, Figure(Kind.TIME, "delay {}", "The one-way delay of each packet, for example 80ms.")
    ] = timedelta(0)
    # standard deviation (normal) or half width (uniform)
    jitter: Annotated[
        timedelta,
        Figure(
            Kind.TIME,
            "jitter {} ({distribution})",
            "The jitter, for example 5ms: standard deviation (normal) or half width (uniform).",
        ),
    ] = timedelta(0)
    distribution: Annotated[
        Distribution, Figure(Kind.CHOICE, "", "The distribution of the jitter: normal or uniform.")
    ] = Distribution.NORMAL
    correlation: Annotated[
        float,
        Figure(Kind.SHARE, "correlation {}", "The correlation of the jitter of successive packets, for example 25%."),
    ] = 0.0
    loss: Annotated[float, Figure(Kind.SHARE, "loss {}", "The probability that a packet is lost, for example 1%.")] = (
        0.0
    )
    rate: Annotated[
        int | None,
        Figure(
            Kind.RATE, "rate {}", "The maximum rate at which packets leave, for example 20mbit (default: unlimited)."
        ),
    ] = None
    # drop-tail limits of the queue before `rate`
    queue_bytes: Annotated[
        int | None,
        Figure(
            Kind.SIZE,
            "queue {}",
            "The maximum size of the queue for `rate`, for example 64KiB (default: unlimited).",
            "queue",
        ),
    ] = None
    queue_packets: Annotated[
        int | None,
        Figure(
            Kind.COUNT,
            "queue {} packets",
            "The maximum number of packets in the queue for `rate` (default: unlimited).",
        ),
    ] = None

    def json(self) -> dict[str, Any]:
        """Return the impairment as in the router's file, with every key."""
        return {each.router_key: each.write(getattr(self, each.name)) for each in FIGURES}

    def contradiction(self) -> str | None:
        """Return why no link can have this impairment, or None."""
        if max(self.delay, self.jitter) > LONGEST_DELAY:
            return "a link holds a packet for a minute at most"
        if self.rate is None and (self.queue_bytes, self.queue_packets) != (None, None):
            return "a queue needs a rate: without one, nothing waits"
        return None


def _completed(spelled: Figure, field: dataclasses.Field[Any]) -> Figure:
    key = spelled.key or field.name.replace("_", "-")
    return dataclasses.replace(spelled, key=key, name=field.name, default=field.default)


_HINTS = get_type_hints(Impairment, include_extras=True)
FIGURES = tuple(_completed(_HINTS[each.name].__metadata__[0], each) for each in dataclasses.fields(Impairment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The setting of one direction of a link: its impairment and its state."""

    impairment: Impairment = Impairment()
    state: LinkState = LinkState.OPEN

    def json(self) -> dict[str, Any]:
        """Return the setting as in the router's file, with every key."""
        return {**self.impairment.json(), "state": self.state}


_OPEN = Setting()


def read_setting(written: Any, place: str, present: Setting = _OPEN) -> Setting:
    """Return the setting in the router's file or in a request; missing keys are as in `present`.

    Raise ConfigError if a value is wrong.
    """
    table: Mapping[str, Any] = fields.table(written, place, set(), {*(each.router_key for each in FIGURES), "state"})
    figures = {
        each.name: each.read(table[each.router_key], f"{place}.{each.router_key}")
        for each in FIGURES
        if each.router_key in table
    }
    state = fields.word(table.get("state", present.state), f"{place}.state", [*LinkState])
    return Setting(impairment=dataclasses.replace(present.impairment, **figures), state=LinkState(state))

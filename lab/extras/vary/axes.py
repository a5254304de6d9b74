"""Axes of a picture: a key's values as numbers, their places, and the values that are written there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import ceil, floor, log10

from lab.base import units
from lab.base.dataclass import dataclass
from lab.report.html.latency import round_step

_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_NEAREST = 7.0  # percent between two labels
_WIDE = 20.0  # times that the largest value is the smallest, from which on a scale is logarithmic
_EDGE = 4.0  # percent beside the first and the last value


def _plain(text: str) -> float:
    if not _PLAIN.fullmatch(text):
        raise ValueError(text)
    return float(text)


_READERS: Sequence[Callable[[str], float]] = (
    _plain,
    lambda text: units.parse_duration(text).total_seconds(),
    units.parse_size,
    units.parse_rate,
    units.parse_percent,
    lambda text: float(units.parse_message_rate(text)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label at a place on an axis."""

    at: float  # percent
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis: the places of its values in percent, and the labels at it."""

    places: tuple[float, ...]
    ticks: tuple[Tick, ...]
    logarithmic: bool
    numeric: bool = True


def numbers(values: Sequence[str]) -> tuple[float, ...] | None:
    """Return texts as numbers of one unit, such as a second or a byte; None unless all are quantities of one kind."""
    for read in _READERS:
        try:
            return tuple(read(each) for each in values)
        except (ValueError, OverflowError):
            continue
    return None


def axis_of(values: Sequence[str]) -> Axis:
    """Return the axis of a key's values, evenly spaced in their order where they are no numbers."""
    found = numbers(values)
    if found is None:
        places = [_EDGE + (100 - 2 * _EDGE) * (place + 0.5) / len(values) for place in range(len(values))]
        return Axis(places=tuple(places), ticks=_spread(places, values), logarithmic=False, numeric=False)
    low, high = min(found), max(found)
    logarithmic = low > 0 and high >= _WIDE * low
    at = [log10(each) for each in found] if logarithmic else list(found)
    span = (max(at) - min(at)) or 1.0
    places = [_EDGE + (100 - 2 * _EDGE) * (each - min(at)) / span for each in at]
    return Axis(places=tuple(places), ticks=_spread(places, values), logarithmic=logarithmic)


def _spread(places: Sequence[float], labels: Sequence[str]) -> tuple[Tick, ...]:
    """Return the labels that have room beside each other, from the left."""
    found: list[Tick] = []
    for at, label in sorted(zip(places, labels, strict=True)):
        if not found or at - found[-1].at >= _NEAREST:
            found.append(Tick(at=round(at, 2), label=label))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upward:
    """The vertical axis of a figure: linear from 0, or logarithmic where the values are far apart."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float]) -> Upward:
        """Return the axis on which all values have a place."""
        low, high = min(values), max(values)
        if low > 0 and high >= 2.5 * _WIDE * low:
            return cls(low=10 ** floor(log10(low)), high=10 ** ceil(log10(high * 1.001)), logarithmic=True)
        return cls(low=min(low, 0.0), high=high * 1.08 or 1.0, logarithmic=False)

    def place(self, figure: float) -> float:
        """Return where a value stands, in percent from the top."""
        if self.logarithmic:
            part = (log10(figure) - log10(self.low)) / (log10(self.high) - log10(self.low))
        else:
            part = (figure - self.low) / (self.high - self.low)
        return round(100 - 100 * part, 2)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Return the labels, from below."""
        if self.logarithmic:
            low, high = round(log10(self.low)), round(log10(self.high))
            parts = (1, 2, 5) if high - low <= 2 else (1,)
            marks = [part * 10.0**power for power in range(low, high + 1) for part in parts]
        else:
            step = round_step(self.high - self.low, 5)
            marks = [step * number for number in range(floor(self.low / step), int(self.high / step) + 1)]
        return tuple(Tick(at=self.place(each), label=f"{each:.10g}") for each in marks if self.low <= each <= self.high)

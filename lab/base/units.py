"""Quantities as people write them: `80ms`, `1%`, `20mbit`, `64KiB`.

Every quantity carries its unit. Parsing returns standard values (timedelta, float, int), formatting the shortest text
that parses back to the same value. A text that cannot be parsed raises ValueError, with a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

_DURATIONS: Mapping[str, Fraction] = {  # in microseconds
    "us": Fraction(1),
    "ms": Fraction(1_000),
    "s": Fraction(1_000_000),
    "m": Fraction(60_000_000),
    "h": Fraction(3_600_000_000),
}
_RATES: Mapping[str, Fraction] = {  # in bits per second, decimal, as in tc(8)
    "bit": Fraction(1),
    "kbit": Fraction(10**3),
    "mbit": Fraction(10**6),
    "gbit": Fraction(10**9),
}
_MESSAGE_RATES: Mapping[str, Fraction] = {  # in messages a second
    "/s": Fraction(1),
    "/m": Fraction(1, 60),
    "/h": Fraction(1, 3600),
}
_SIZES: Mapping[str, Fraction] = {  # in bytes
    "B": Fraction(1),
    "KB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
}
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%/]*)")


def parse_duration(text: str) -> timedelta:
    """Return the timedelta of a text such as `35ms`, `1.5s` or `2m`."""
    return timedelta(microseconds=round(_quantity(text, _DURATIONS, "a duration", "80ms, 1.5s, 2m")))


def parse_rate(text: str) -> int:
    """Return the bits per second of a text such as `20mbit`."""
    return round(_quantity(text, _RATES, "a rate", "512kbit, 20mbit, 1gbit"))


def parse_message_rate(text: str) -> Fraction:
    """Return the messages per second of a text such as `50/s`, exactly; never 0."""
    rate = _quantity(text, _MESSAGE_RATES, "a message rate", "50/s, 2.5/s, 6/m")
    if not rate:
        raise ValueError(f"{text!r} sends no messages: leave the step out, or write 50/s")
    return rate


def parse_size(text: str) -> int:
    """Return the bytes of a text such as `64KiB`."""
    return round(_quantity(text, _SIZES, "a size", "200B, 64KiB, 1MB"))


def parse_percent(text: str) -> float:
    """Return the fraction, 0 to 1, of a text such as `1%`."""
    value = _quantity(text, {"%": Fraction(1, 100)}, "a percentage", "0.1%, 5%")
    if value > 1:
        raise ValueError(f"{text!r} is more than 100%: write 0% to 100%")
    return float(value)


def format_duration(duration: timedelta) -> str:
    """Return a duration as text in the largest unit that needs no fraction, or in milliseconds with one."""
    micros = duration // timedelta(microseconds=1)
    if micros == 0:
        return "0ms"
    for unit in ("h", "m", "s", "ms"):
        if micros % _DURATIONS[unit] == 0:
            return f"{micros // _DURATIONS[unit]}{unit}"
    return f"{micros // 1000}.{micros % 1000:03}".rstrip("0") + "ms"


def format_rate(bits: int) -> str:
    """Return bits per second as text in the largest unit that needs no fraction."""
    return _largest(bits, _RATES, ("gbit", "mbit", "kbit", "bit"))


def format_message_rate(rate: Fraction) -> str:
    """Return messages per second as text in the unit that needs the fewest digits, exactly."""
    written = []
    with localcontext(prec=80):  # digits; a number in a file has 40 at most
        for unit, factor in _MESSAGE_RATES.items():
            number = Decimal((rate / factor).numerator) / Decimal((rate / factor).denominator)
            if Fraction(number) * factor == rate:
                written.append(f"{number:f}{unit}")
    return min(written, key=len)


def format_size(size: int) -> str:
    """Return bytes as text in the largest binary unit that needs no fraction."""
    return _largest(size, _SIZES, ("GiB", "MiB", "KiB", "B"))


def format_percent(fraction: float) -> str:
    """Return a fraction, 0 to 1, as a percentage."""
    return f"{(Decimal(repr(fraction)) * 100).normalize():f}%"


def several(number: int, noun: str) -> str:
    """Return a number with its noun: 1 message, 2 messages."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def times(number: int) -> str:
    """Return a number of times in words: once, 2 times."""
    return "once" if number == 1 else f"{number} times"


def gap(seconds: float) -> str:
    """Return a duration in words: in milliseconds below 0.1 s, else in seconds."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def milliseconds(duration: timedelta) -> float:
    """Return a duration as a number of milliseconds."""
    return duration / timedelta(milliseconds=1)


def _quantity(text: str, units: Mapping[str, Fraction], kind: str, examples: str) -> Fraction:
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not {kind}: write {examples}")
    number, unit = match.groups()
    if not unit:
        if Fraction(number) == 0 and "%" not in units:
            return Fraction(0)
        raise ValueError(f"{text!r} has no unit: write {examples}")
    if unit not in units:
        raise ValueError(f"{text!r} is not {kind}: its unit must be one of {', '.join(units)}; write {examples}")
    return Fraction(number) * units[unit]


def _largest(number: int, units: Mapping[str, Fraction], order: tuple[str, ...]) -> str:
    for unit in order:
        if number and number % units[unit] == 0:
            return f"{number // units[unit]}{unit}"
    return f"{number}{order[-1]}"

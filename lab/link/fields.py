"""Reads fields of JSON that may be wrong or hostile; says in a sentence what is wrong and what would be right."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

# A link's name becomes a socket's name, a region's a word in a table of rules: nothing in them needs quoting.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class ConfigError(ValueError):
    """What was asked for cannot be done; the message names the place and what would be right."""


def load_json(text: str | bytes) -> Any:
    """Read JSON that may be hostile: no NaN, no Infinity, no nesting deep enough to end the process."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ConfigError("JSON nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError and integers too long to read
        raise ConfigError(f"not JSON: {error}") from None


def table(value: Any, place: str, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    """Return an object with all required keys and no unknown one."""
    if not isinstance(value, dict):
        raise ConfigError(f"{place}: expected an object, found {_short(value)}")
    if missing := sorted(required - value.keys()):
        raise ConfigError(f"{place}: {missing[0]!r} is missing")
    if unknown := sorted(value.keys() - required - optional):
        known = ", ".join(sorted(required | optional))
        raise ConfigError(f"{place}: unknown key {_short(unknown[0])}, known are {known}")
    return value


def items(value: Any, place: str) -> Sequence[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise ConfigError(f"{place}: expected a list, found {_short(value)}")
    return value


def name(value: Any, place: str) -> str:
    """Return a name that needs no quoting anywhere."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ConfigError(f"{place}: expected letters, digits, '-', '_', '.' (at most 63), found {_short(value)}")
    return value


def word(value: Any, place: str, known: Sequence[str]) -> str:
    """Return one of the known words."""
    if not isinstance(value, str) or value not in known:
        raise ConfigError(f"{place}: expected one of {', '.join(known)}, found {_short(value)}")
    return value


def number(value: Any, place: str, least: float, most: float) -> float:
    """Return a finite number between two bounds."""
    wrong = isinstance(value, bool) or not isinstance(value, int | float)
    if wrong or (isinstance(value, float) and not math.isfinite(value)):
        raise ConfigError(f"{place}: expected a number, found {_short(value)}")
    if not least <= value <= most:
        raise ConfigError(f"{place}: expected {least} to {most}, found {_short(value)}")
    return float(value)


def integer(value: Any, place: str, least: int, most: int) -> int:
    """Return a whole number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{place}: expected a whole number, found {_short(value)}")
    if not least <= value <= most:
        raise ConfigError(f"{place}: expected {least} to {most}, found {_short(value)}")
    return value


def optional(value: Any, place: str, most: int) -> int | None:
    """Return a whole number of at least one, or None."""
    return None if value is None else integer(value, place, 1, most)


def check_unique(values: Sequence[object], place: str, what: str) -> None:
    """Refuse a value that comes twice."""
    seen: set[object] = set()
    for at, value in enumerate(values):
        if value in seen:
            raise ConfigError(f"{place}[{at}]: {what} {value} is used twice")
        seen.add(value)


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # ValueError: an integer of more than 4300 digits
        return f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_constant(text: str) -> float:
    raise ConfigError(f"not JSON: {text} is no number")

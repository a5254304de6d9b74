"""Reads fields of JSON that may be wrong or hostile; `place` names a field in the sentence of an error."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

# A link's name becomes part of a socket's path, a region's part of a rule: no character needs quoting.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class ConfigError(ValueError):
    """A file or a request is wrong; the message has the place and the remedy."""


def load_json(text: str | bytes) -> Any:
    """Return parsed JSON; raise ConfigError also for NaN, Infinity and nesting that is too deep."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ConfigError("JSON nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError and integers too long to read
        raise ConfigError(f"not JSON: {error}") from None


def table(written: Any, place: str, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    """Return a value that is an object with all required keys and no unknown one; raise ConfigError if it is not."""
    if not isinstance(written, dict):
        raise ConfigError(f"{place}: expected an object, found {_short(written)}")
    if missing := sorted(required - written.keys()):
        raise ConfigError(f"{place}: {missing[0]!r} is missing")
    if unknown := sorted(written.keys() - required - optional):
        known = ", ".join(sorted(required | optional))
        raise ConfigError(f"{place}: unknown key {_short(unknown[0])}, known are {known}")
    return written


def items(written: Any, place: str) -> Sequence[Any]:
    """Return a value that is a list; raise ConfigError if it is not."""
    if not isinstance(written, list):
        raise ConfigError(f"{place}: expected a list, found {_short(written)}")
    return written


def name(written: Any, place: str) -> str:
    """Return a value that is a name; raise ConfigError if it is not."""
    if not isinstance(written, str) or not NAME.fullmatch(written):
        raise ConfigError(f"{place}: expected letters, digits, '-', '_', '.' (at most 63), found {_short(written)}")
    return written


def word(written: Any, place: str, known: Sequence[str]) -> str:
    """Return a value that is one of the known words; raise ConfigError if it is not."""
    if not isinstance(written, str) or written not in known:
        raise ConfigError(f"{place}: expected one of {', '.join(known)}, found {_short(written)}")
    return written


def number(written: Any, place: str, least: float, most: float) -> float:
    """Return a value that is a finite number within two bounds; raise ConfigError if it is not."""
    wrong = isinstance(written, bool) or not isinstance(written, int | float)
    if wrong or (isinstance(written, float) and not math.isfinite(written)):
        raise ConfigError(f"{place}: expected a number, found {_short(written)}")
    if not least <= written <= most:
        raise ConfigError(f"{place}: expected {least} to {most}, found {_short(written)}")
    return float(written)


def integer(written: Any, place: str, least: int, most: int) -> int:
    """Return a value that is a whole number within two bounds; raise ConfigError if it is not."""
    if isinstance(written, bool) or not isinstance(written, int):
        raise ConfigError(f"{place}: expected a whole number, found {_short(written)}")
    if not least <= written <= most:
        raise ConfigError(f"{place}: expected {least} to {most}, found {_short(written)}")
    return written


def optional(written: Any, place: str, most: int) -> int | None:
    """Return a value that is None or a whole number from 1 to `most`; raise ConfigError if it is not."""
    return None if written is None else integer(written, place, 1, most)


def check_unique(values: Sequence[object], place: str, noun: str) -> None:
    """Raise ConfigError if a value occurs twice; `noun` names the values."""
    seen: set[object] = set()
    for at, value in enumerate(values):
        if value in seen:
            raise ConfigError(f"{place}[{at}]: {noun} {value} is used twice")
        seen.add(value)


def _short(written: Any) -> str:
    try:
        text = repr(written)
    except (RecursionError, ValueError):  # ValueError: an integer of more than 4300 digits
        return f"a {type(written).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_constant(text: str) -> float:
    raise ConfigError(f"not JSON: JSON has no number {text}")

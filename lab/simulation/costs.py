"""The few times that depend on a machine, each with its place of measurement.

`costs.toml` has those that ship; a file that MQLAB_COSTS names, as `python -m bench.calibrate` writes it, has those of
a person's own machine, all of them or some.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from lab.base.dataclass import dataclass
from lab.base.settings import COSTS
from lab.base.suggestions import remedy
from lab.base.text_files import read_bytes
from lab.base.units import parse_duration
from lab.errors import InputError
from lab.simulation.clock import nanoseconds

FILE = Path(__file__).parent / "costs.toml"
LARGEST = 65_536  # bytes of a file
LONGEST = 60.0  # seconds
_INSTEAD = 'write a table for each time, such as [boot] with value = "0.11s"; python -m bench.calibrate FILE writes all'


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Times in ns."""

    begin: int  # from the order to start an instance until it asks for its store's lock
    boot: int  # from there, or from when a standby has the lock, until it has started
    recover: int  # longer, from a store that was not closed
    stop: int
    link: int  # from the order to change a link until it is changed
    tls: int  # of both ends together
    # longer, of the first connection to a port of a broker that has just started, by which its first messages go too
    first: int
    message: int  # of a broker's processor
    handling: int  # that a message takes at a broker beside, while others are served
    store_sync: int


NAMES = tuple(field.name.replace("_", "-") for field in fields(Costs))


def with_values(own: Mapping[str, str]) -> Costs:
    """Return the shipped times with some of them replaced: name → a duration in words."""
    return Costs(**{name.replace("-", "_"): _ns(text) for name, text in {**shipped_values(), **own}.items()})


def own_values(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values of the user's own file, name → a duration in words; nothing if MQLAB_COSTS names no file.

    Raise InputError for a file with other content.
    """
    named = COSTS.get(environment)
    return _read(Path(named), f"{COSTS.name}={named}") if named else {}


@cache
def shipped_values() -> Mapping[str, str]:
    """Return the shipped times: name → a duration in words."""
    return _read(FILE, FILE.name)


def _read(path: Path, file: str) -> Mapping[str, str]:
    content = read_bytes(path, file, LARGEST)
    if len(content) > LARGEST:
        raise InputError.of(f"{file} is larger than {LARGEST} bytes", _INSTEAD)
    try:
        found = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError.of(f"{file} is not TOML: {error}", _INSTEAD) from error
    return {name: _value(name, of, file) for name, of in found.items()}


def _value(name: str, entry: Any, file: str) -> str:
    """Return a time's value as it is written; raise InputError if it is none."""
    if name not in NAMES:
        raise InputError.of(
            f'{file} has a time "{name}", which the simulation does not have', remedy(name, NAMES, "times")
        )
    value = entry.get("value") if isinstance(entry, dict) else None
    if not isinstance(value, str):
        raise InputError.of(f"{file}: {name} has no value", _INSTEAD)
    try:
        duration = parse_duration(value).total_seconds()
    except (ValueError, OverflowError) as error:
        raise InputError.of(f"{file}: {name}: {error}", _INSTEAD) from error
    if duration > LONGEST:
        raise InputError.of(f"{file}: {name} is longer than {LONGEST:.0f} s", "write a shorter time, as brokers have")
    return value


def _ns(text: str) -> int:
    return nanoseconds(parse_duration(text).total_seconds())

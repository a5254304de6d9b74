"""The times that depend on a machine, from `costs.toml`: named, few, and each with where it was measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.simulation.clock import nanoseconds
from lab.units import parse_duration

FILE = Path(__file__).parent / "costs.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Times in ns."""

    begin: int  # from a process's start until it asks for its store's lock
    boot: int  # from there until it has started
    stop: int
    take_over: int  # as `boot`, of a standby that has waited
    tls: int  # of both ends together
    message: int  # of a broker's processor
    handling: int  # that a message takes at a broker beside, while others are served
    store_sync: int


@cache
def costs() -> Costs:
    """Return the times of the file."""
    read = tomllib.loads(FILE.read_text("utf-8"))
    return Costs(**{name.replace("-", "_"): _ns(each["value"]) for name, each in read.items()})


def _ns(text: str) -> int:
    return nanoseconds(parse_duration(text).total_seconds())

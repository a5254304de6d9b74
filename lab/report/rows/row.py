"""One line of a timeline: who, what, and how much it stands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lab.history import Observation


class Weight(StrEnum):
    """How much a row stands out."""

    PLAIN = ""
    STEP = "step"  # what the scenario asked
    FAULT = "fault"  # what may hurt a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the timeline; `until` where it tells of a stretch of time."""

    t: float
    who: str
    what: str
    weight: Weight = Weight.PLAIN
    until: float | None = None


Said = tuple[str, str, Weight]  # who, what, and how much it stands out
Words = Mapping[type[Observation], Callable[[Any], Said]]

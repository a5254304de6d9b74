"""Rows: the lines of a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from lab.base.dataclass import dataclass
from lab.history import Observation


class Weight(StrEnum):
    """The emphasis of a row."""

    PLAIN = ""
    STEP = "step"  # a step of the scenario
    FAULT = "fault"  # an event that may harm messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a timeline: a moment in seconds, an actor and a text; `until` is the end of a stretch of time."""

    t: float
    actor: str
    text: str
    weight: Weight = Weight.PLAIN
    until: float | None = None


Description = tuple[str, str, Weight]  # actor, text and emphasis
Words = Mapping[type[Observation], Callable[[Any], Description]]

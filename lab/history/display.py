"""How an observation is shown: as a row of a timeline, and as a band or a mark on a picture."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lab.base.dataclass import dataclass


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


def weight(well: bool) -> Weight:
    """Return the emphasis of an event that is well or a fault."""
    return Weight.PLAIN if well else Weight.FAULT


class Tone(StrEnum):
    """The colour of a band or a mark; the style sheet knows each, in light and dark."""

    SHUT = "shut"  # nothing passes
    WORSE = "worse"  # something passes, but not as before
    DOWN = "down"  # a bridge or client went away
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Look:
    """The label and the colour of a mark, or of a state's band."""

    label: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The fields of a kind of Observation that name a thing and its state, and the look of each state."""

    subject: tuple[str, ...]  # the fields that name the thing
    state: str = "state"  # the field that holds its state
    looks: Mapping[str, Look | None]  # by state: the look of the band that begins; None continues the present band
    ends: tuple[str, ...]  # the states that end a band

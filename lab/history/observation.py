"""One thing seen in a run, and the Header before all of them; here those that are of the run itself.

`t` is seconds since the replay began, on one monotonic clock. A field left at its default is left out of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

VERSION = 1
LATE = 0.05  # seconds after its moment from which a step is late: less is the machine's own unrest
BEAT = 5.0  # seconds between two words that a keeper watches, or that a program listens


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Line one: which run this is, and what it was asked, passwords left out."""

    run: str
    scenario: str
    seed: int
    runtime: str
    started: str  # ISO 8601, UTC
    declared: Mapping[str, Any]  # the scenario with its topology, as `Scenario.declared()` gives it
    mqlab: str  # the version that wrote it
    activemq: Mapping[str, str] = field(default_factory=dict)  # broker → the version that ran
    standing: bool = False  # of a lab that stands: its steps are the verbs done, and no replay ends it
    history: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing seen at one moment."""

    kind: ClassVar[str]
    t: float  # seconds since the replay began


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Observation):
    """A step of the scenario began."""

    kind: ClassVar[str] = "step"
    step: int  # counts from 1
    verb: str
    asked: str  # the step in one line, for people
    place: str = ""  # where a person finds it, such as "5.1 round 2"; empty where that is its number
    due: float | None = None  # the moment that it was to begin; `t` is when it did
    by: str = ""  # of a lab that stands, who did it: "command" | "python" | "keeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded(Observation):
    """A step ended; `note` says what was remarkable about it."""

    kind: ClassVar[str] = "step-ended"
    step: int
    ok: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Observation):
    """Something went wrong that is nobody's verdict yet: a lost connection, a refused login."""

    kind: ClassVar[str] = "trouble"
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Observation):
    """The replay came to its end, or the lab that stood; a history without this line was cut short, or goes on."""

    kind: ClassVar[str] = "ended"
    complete: bool
    note: str = ""

"""One thing seen in a run, and the Header before all of them; here those that are of the run itself.

`t` is seconds since the replay began, on one monotonic clock. A field left at its default is left out of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from msgspec import Meta, Struct, field, structs

VERSION = 1
LATE = 0.05  # seconds after its moment from which a step is late: less is the machine's own unrest
BEAT = 5.0  # seconds between two words that a keeper watches, or that a program listens


LARGEST = 1e15  # of a number, either way
Number = Annotated[float, Meta(gt=-LARGEST, lt=LARGEST)]


class Header(Struct, frozen=True, kw_only=True):
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


class Observation(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """One thing seen at one moment; its kind is what a history's line calls it by."""

    t: Number  # seconds since the replay began

    @property
    def kind(self) -> str:
        """Return the name of its kind."""
        return str(self.__struct_config__.tag)

    def told(self) -> dict[str, Any]:
        """Return what it tells besides its moment, by the names of its fields."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "t"}

    def with_fields(self, **fields: Any) -> Self:
        """Return a copy that has other values in some fields; `dataclasses.replace` takes no struct."""
        return structs.replace(self, **fields)


class StepStarted(Observation, frozen=True, kw_only=True, tag="step"):
    """A step of the scenario began."""

    step: int  # counts from 1
    verb: str
    asked: str  # the step in one line, for people
    place: str = ""  # where a person finds it, such as "5.1 round 2"; empty where that is its number
    due: Number | None = None  # the moment that it was to begin; `t` is when it did
    name: str = ""  # its own, if it has one
    by: str = ""  # of a lab that stands, who did it: "command" | "python" | "keeper"


class StepEnded(Observation, frozen=True, kw_only=True, tag="step-ended"):
    """A step ended; `note` says what was remarkable about it."""

    step: int
    ok: bool = True
    note: str = ""


class Trouble(Observation, frozen=True, kw_only=True, tag="trouble"):
    """Something went wrong that is nobody's verdict yet: a lost connection, a refused login."""

    who: str
    what: str


class Ended(Observation, frozen=True, kw_only=True, tag="ended"):
    """The replay came to its end, or the lab that stood; a history without this line was cut short, or goes on."""

    complete: bool
    note: str = ""

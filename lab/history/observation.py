"""The base of all observations, the Header of a history, and the observations of the run itself.

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
    """The first line: the run, and what the scenario declares, without passwords."""

    run: str
    scenario: str
    seed: int
    runtime: str
    started: str  # ISO 8601, UTC
    declared: Mapping[str, Any]  # the scenario with its topology, as `Scenario.declared()` gives it
    mqlab: str  # the version that wrote it
    activemq: Mapping[str, str] = field(default_factory=dict)  # broker → the version that ran
    mixed: Mapping[str, str] = field(default_factory=dict)  # version → what of it is of another one, in words
    routes: Mapping[str, Any] = field(default_factory=dict)  # `routes_used` of the scenario, at the beginning
    costs: Mapping[str, str] = field(default_factory=dict)  # a simulation's own times of a machine: name → duration
    ignored: tuple[str, ...] = ()  # settings that a simulation was without, as they were named to it
    round_trips: Mapping[str, str] = field(default_factory=dict)  # link → where its delay comes from, if not declared
    tcp: str = ""  # the congestion control of the brokers' machines; "" if the machine does not report it
    standing: bool = False  # of a lab that stands: its steps are the verbs done, and no replay ends it
    history: int = VERSION

    @property
    def simulated(self) -> bool:
        """Return whether models ran, and no broker."""
        return self.runtime == "simulation"

    def with_tcp(self, asked: str) -> Self:
        """Return a copy that says which congestion control brokers have: the one asked for, or what models have."""
        return structs.replace(self, tcp="cubic" if self.simulated else asked)


class Observation(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """One event or state at one moment; `kind` is its name in a line of a history."""

    t: Number  # seconds since the replay began

    @property
    def kind(self) -> str:
        """Return the name of the observation's kind."""
        return str(self.__struct_config__.tag)

    def told(self) -> dict[str, Any]:
        """Return the fields by name, without the moment."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "t"}

    def with_fields(self, **fields: Any) -> Self:
        """Return a copy with other values in some fields; `dataclasses.replace` takes no struct."""
        return structs.replace(self, **fields)


class StepStarted(Observation, frozen=True, kw_only=True, tag="step"):
    """A step of the scenario began."""

    step: int  # counts from 1
    verb: str
    asked: str  # the step in one line, for people
    place: str = ""  # where a person finds it, such as "5.1 round 2"; empty where that is its number
    due: Number | None = None  # the moment that it was to begin; `t` is when it did
    name: str = ""  # its own, if it has one
    by: str = ""  # of a lab that stands, by which door: "command" | "python" | "keeper"


class StepEnded(Observation, frozen=True, kw_only=True, tag="step-ended"):
    """A step ended; `note` is a note on how."""

    step: int
    ok: bool = True  # whether it did what was asked
    note: str = ""
    fails: bool = False  # whether the scenario has it fail

    @property
    def as_written(self) -> bool:
        """Return whether it ended as the scenario has it."""
        return self.ok is not self.fails


class Trouble(Observation, frozen=True, kw_only=True, tag="trouble"):
    """A failure during the run, such as a lost connection or a refused login; the judge decides what it means."""

    who: str
    what: str


class Beyond(Observation, frozen=True, kw_only=True, tag="beyond"):
    """From `since` on the models of a simulation know no more what real brokers would do."""

    why: str  # a clause, such as "tokyo takes more than 3,000 messages within a second"
    since: Number
    broker: str = ""  # whose models; "": all


class Ended(Observation, frozen=True, kw_only=True, tag="ended"):
    """The replay ended, or the open lab; a history without this line was cut short, or goes on."""

    complete: bool
    note: str = ""
    lines: int | None = None  # the number of lines before this one, with the header; None: it has no checksum
    digest: str = ""  # SHA-256 of the octets of all lines, this one without it, in hexadecimal digits

"""The base of all observations, the Header of a history, and the observations of the run or the running lab itself.

`t` is seconds since the replay began, on one monotonic clock. The file has no field whose value is the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from msgspec import Meta, Struct, field, structs

from lab.history.display import Course, Description, Look, Row, Tone, Weight, weight

VERSION = 1
LATE = 0.05  # seconds of delay from which a step is late; shorter delays are normal on a machine
BEAT = 5.0  # seconds between two lines that show that a monitor process watches, or a program subscribes


LARGEST_NUMBER = 1e15  # of a number, either way
Number = Annotated[float, Meta(gt=-LARGEST_NUMBER, lt=LARGEST_NUMBER)]


class Header(Struct, frozen=True, kw_only=True):
    """The first line: the run, and the scenario that it ran, without passwords."""

    run: str
    """The id of the run."""
    scenario: str
    """The name of the scenario."""
    seed: int
    """The seed of the run."""
    runtime: str
    """The runtime: `emulation` or `simulation`."""
    started: str
    """The start of the run, as an ISO 8601 time in UTC."""
    declared: Mapping[str, Any]
    """The scenario with its topology and configurations, with defaults and without passwords."""
    mqlab: str
    """The version of mqlab that wrote the history."""
    activemq: Mapping[str, str] = field(default_factory=dict)
    """The release of ActiveMQ that ran, by broker."""
    mixed: Mapping[str, str] = field(default_factory=dict)
    """The modules of ActiveMQ that belong to another release, in words, by release."""
    routes: Mapping[str, Any] = field(default_factory=dict)
    """The routes between brokers when the scenario started."""
    costs: Mapping[str, str] = field(default_factory=dict)
    """The user's own machine-dependent times of a simulation, by name."""
    ignored: tuple[str, ...] = ()
    """The settings that the simulation ignored, as `--ignore` had them."""
    round_trips: Mapping[str, str] = field(default_factory=dict)
    """The origin of the delay of each link that does not declare a delay, by link."""
    tcp: str = ""
    """The congestion control of the brokers' TCP; empty if the machine does not report it."""
    standing: bool = False
    """Whether the history belongs to a running lab, and not to the replay of a scenario."""
    history: int = VERSION
    """The version of the format."""

    @property
    def simulated(self) -> bool:
        """Return whether models ran instead of brokers."""
        return self.runtime == "simulation"

    def with_tcp(self, asked: str) -> Self:
        """Return a copy with the congestion control of the brokers: the configured one, or in a simulation cubic."""
        return structs.replace(self, tcp="cubic" if self.simulated else asked)


class Observation(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """One event or state at one moment; `kind` is its name in a line of a history.

    A class has its fields, its look on pictures, and its sentence.
    """

    t: Number
    """The time in seconds since the start of the replay."""

    look: ClassVar[Look | Course | None] = None  # a mark on pictures unless the sentence is plain, bands, or nothing
    is_listed: ClassVar[bool] = True  # whether the page's list of events has it

    @property
    def kind(self) -> str:
        """Return the name of the observation's kind."""
        return str(self.__struct_config__.tag)

    @property
    def is_news(self) -> bool:
        """Return whether the observation shows more than that a monitor or client is still there."""
        return True

    def row(self) -> Row:
        """Return the observation as a row of a timeline."""
        actor, text, weight = self._description()
        return Row(t=self.t, actor=actor, text=text, weight=weight)

    def _description(self) -> Description:
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """Return the fields by name, without the moment `t`."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "t"}

    def with_fields(self, **fields: Any) -> Self:
        """Return a copy with new contents in some fields; `dataclasses.replace` does not accept a Struct."""
        return structs.replace(self, **fields)


class StepStarted(Observation, frozen=True, kw_only=True, tag="step"):
    """A step started."""

    step: int
    """The number of the step, counted from 1."""
    verb: str
    """The verb of the step."""
    asked: str
    """The step in one line."""
    place: str = ""
    """The location of the step in the scenario, if it differs from the number, for example `5.1 round 2`."""
    due: Number | None = None
    """The time at which the step was due, in seconds, if it has an `at`."""
    name: str = ""
    """The step's own name."""
    by: str = ""
    """The origin of a verb in a running lab: `command`, `python`, `monitor`, `api` or `page`."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The fields of a verb in a running lab, as a scenario has them, without passwords."""

    def _description(self) -> Description:
        named = f"{self.name}: " if self.name else ""
        return f"step {self.step}", named + self.asked + (f" (by {self.by})" if self.by else ""), Weight.STEP


class StepEnded(Observation, frozen=True, kw_only=True, tag="step-ended"):
    """A step ended."""

    step: int
    """The number of the step."""
    ok: bool = True
    """Whether the step did all that was requested."""
    note: str = ""
    """The note on the outcome of the step."""
    fails: bool = False
    """Whether the step is supposed to fail."""

    @property
    def as_written(self) -> bool:
        """Return whether the step ended as the scenario expects."""
        return self.ok is not self.fails

    def _description(self) -> Description:
        if self.fails:
            done = "done, and was to fail" if self.ok else "failed, as it was to"
        else:
            done = "done" if self.ok else "not done as asked"
        text = f"{done}: {self.note}" if self.note else done
        return f"step {self.step}", text, weight(self.as_written)


class Trouble(Observation, frozen=True, kw_only=True, tag="trouble"):
    """An error occurred during the run, for example a lost connection or a refused login."""

    who: str
    """The broker or client with the error."""
    what: str
    """The error in words."""

    look = Look("trouble", Tone.SHUT)

    def _description(self) -> Description:
        return self.who, self.what, Weight.FAULT

    def clause(self) -> str:
        """Return the error as a clause of a reason."""
        return f"{self.who}: {self.what}"


class Uncalibrated(Observation, frozen=True, kw_only=True, tag="uncalibrated"):
    """A simulation left its calibrated range; from then on, its results are a guess."""

    why: str
    """The reason in words."""
    since: Number
    """The time from which the results are a guess, in seconds."""
    broker: str = ""
    """The broker that is affected; empty for all brokers."""

    look = Look("outside the calibrated range", Tone.WORSE)

    def _description(self) -> Description:
        text = f"outside the calibrated range since {self.since:.3f} s: {self.why}"
        return self.broker or "simulation", text, Weight.FAULT


class Marked(Observation, frozen=True, kw_only=True, tag="mark"):
    """A person or a program set a mark in the history of a running lab."""

    text: str
    """The name of the mark."""
    by: str = ""
    """The origin of the mark: `command` or `python`."""

    look = Look("noted", Tone.PLAIN)

    def _description(self) -> Description:
        return "mark", self.text, Weight.STEP


class Watched(Observation, frozen=True, kw_only=True, tag="watched"):
    """A running lab was watched until now, since the previous line of this kind."""

    @property
    def is_news(self) -> bool:
        """Return False: the monitor is still there."""
        return False

    def _description(self) -> Description:
        return "monitor", "watches", Weight.PLAIN


class Unwatched(Observation, frozen=True, kw_only=True, tag="unwatched"):
    """A running lab was not watched until now, so changes of bridges and demand may be missing."""

    since: Number
    """The time from which the lab was not watched, in seconds."""

    look = Look("not watched", Tone.WORSE)

    def _description(self) -> Description:
        return "monitor", f"the lab was not watched from {self.since:.3f} s until now", Weight.FAULT


class Forgotten(Observation, frozen=True, kw_only=True, tag="forgotten"):
    """The oldest lines of the history of a running lab were removed, because it had become too large."""

    of: str
    """The kind of removed lines: `messages` or `everything`."""
    until: Number
    """The time up to which lines were removed, in seconds."""
    lines: int
    """The number of lines removed so far."""

    look = Look("removed", Tone.WORSE)

    def _description(self) -> Description:
        removed = "lines of messages" if self.of == "messages" else "other lines"
        text = f"{removed} up to {self.until:.3f} s were removed, {self.lines} so far: the history was too large"
        return "history", text, Weight.FAULT


class Ended(Observation, frozen=True, kw_only=True, tag="ended"):
    """The replay or the running lab ended; without this line, the history is incomplete or not yet at its end."""

    complete: bool
    """Whether the replay reached its end."""
    note: str = ""
    """The reason why the replay did not reach its end."""
    lines: int | None = None
    """The number of lines before this one, with the header; null without a checksum."""
    digest: str = ""
    """The SHA-256 checksum of the file, without this field, in hexadecimal."""

    is_listed = False  # the page has counters elsewhere

    def _description(self) -> Description:
        if self.complete:
            return "run", self.note or "the replay came to its end", Weight.STEP
        note = f": {self.note}" if self.note else ""
        return "run", f"the replay was ended early{note}", Weight.FAULT

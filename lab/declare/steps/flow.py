"""The steps that order others, or look on: wait, together, repeat, snapshot.

A replay takes two snapshots by itself if an expectation needs them: `start`, before the first step, and `end`, when it
has settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.destinations import destination_of
from lab.base import units
from lab.declare.fields import Duration, Name, RoundName, Whole
from lab.declare.message_fields import Addressed, check_one
from lab.declare.references import BrokerName, ConnectorName
from lab.declare.steps.base import Compound, Part, Step

LONGEST = timedelta(hours=87_600)  # ten years: nobody sees the end of more, in whatever runtime


class Wait(Step, Addressed):
    """Wait for a duration, or until a condition is met."""

    verb: ClassVar[str] = "wait"
    changes = Part.NOTHING
    awaits = True
    in_vain = "A wait was in vain"
    duration: Duration | None = None
    """The time to wait."""
    until: Literal["bridge-up", "demand", "queue-empty", "received"] | None = None
    """The condition to wait for."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait for the condition."""
    connector: ConnectorName | None = None
    """The network connector whose bridge must be up, for `bridge-up`."""
    broker: BrokerName | None = None
    """The broker of the demand or of the queue, or, for `bridge-up`, the broker of the connector."""
    client: Name | None = None
    """The client that must have received messages, for `received`."""
    count: Whole | None = Field(default=None, ge=1)
    """The number of messages that the client must have received, for `received`."""

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, raw: Any) -> Any:
        return {"duration": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _fields_of_its_condition(self) -> Self:
        if self.until is None:
            if self.duration is None:
                raise ValueError(f"a wait has a duration alone, as in wait: 5s, or until: {', '.join(_NEEDED)}")
            if self.duration > LONGEST:
                raise ValueError(f"{units.format_duration(self.duration)} is longer than any run: write 87600h or less")
            return self
        if self.duration is not None:
            raise ValueError("a wait with until has no duration: write within for the longest wait")
        needed, also = _NEEDED[self.until], _ALSO.get(self.until, ())
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"until: {self.until} needs {' and '.join(missing)}")
        if self.until == "demand":
            check_one(self)
        unused = self.model_fields_set - {"until", "within", *needed, *also}
        if unused:
            raise ValueError(
                f"until: {self.until} has no {' and no '.join(sorted(unused))}: "
                f"it has {', '.join([*needed, *also, 'within'])}"
            )
        return self

    @property
    def shortest(self) -> timedelta:
        """Return the duration; zero for a condition, which may hold at once."""
        return self.duration or timedelta(0)

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return the error and the remedy if the fields are neither a duration nor a condition."""
        if isinstance(fields, str) or (isinstance(fields, dict) and "until" in fields):
            return None
        right = "write - wait: 5s, or - wait: {until: bridge-up, connector: NAME, within: 10s}"
        return "a wait has a duration or a condition", right

    @classmethod
    def file_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a duration alone, or of a condition."""
        duration = schema["properties"].pop("duration")
        condition = {**schema, "required": ["until"]}
        return {"description": condition.pop("description"), "oneOf": [duration, condition]}

    def written(self) -> Any:
        """Return the duration alone, or the condition."""
        written = super().written()
        return written["duration"] if self.until is None else written

    def words(self) -> str:
        """Return the step in one line, for people."""
        within = units.format_duration(self.within)
        match self.until:
            case None:
                return f"wait {units.format_duration(self.duration)}" if self.duration is not None else "wait"
            case "bridge-up":
                at = f" of {self.broker}" if self.broker is not None else ""
                return f"wait until the bridge of {self.connector}{at} is up, within {within}"
            case "demand":
                return f"wait until {self.broker} has demand for {destination_of(self)}, within {within}"
            case "queue-empty":
                return f"wait until {destination_of(self)} on {self.broker} is empty, within {within}"
            case "received":
                return f"wait until {self.client} has received {self.count}, within {within}"


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "bridge-up": ("connector",),
    "demand": ("broker",),
    "queue-empty": ("broker", "queue"),
    "received": ("client", "count"),
}
_ALSO: Mapping[str, tuple[str, ...]] = {"bridge-up": ("broker",), "demand": ("topic", "queue")}


class Together(Compound):
    """Start steps at the same time, and wait until all are done."""

    verb: ClassVar[str] = "together"
    inside: ClassVar[tuple[str, ...]] = ()
    at_once = True

    def written(self) -> Any:
        """Return the list of inner entries."""
        return [step.entry() for step in self.steps]

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{units.several(len(self.steps), 'step')} at once"


class Repeat(Compound):
    """Run steps in order, several times."""

    verb: ClassVar[str] = "repeat"
    inside: ClassVar[tuple[str, ...]] = ("steps",)
    times: Whole = Field(ge=1, le=10_000)
    """The number of rounds."""

    @property
    def rounds(self) -> int:
        """Return how many times the inner steps are done."""
        return self.times

    def written(self) -> Any:
        """Return the number of rounds and the list of inner entries."""
        return {"times": self.times, "steps": [step.entry() for step in self.steps]}

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{units.several(len(self.steps), 'step')}, {units.times(self.times)} over"


START, END = "start", "end"


class Snapshot(Step):
    """Record every counter of every broker under a name."""

    verb: ClassVar[str] = "snapshot"
    changes = Part.NOTHING
    names = ("name",)
    name: RoundName
    """The name of the snapshot, for use in expectations."""

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, raw: Any) -> Any:
        return {"name": raw} if isinstance(raw, str) else raw

    @classmethod
    def file_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a name alone, or of a mapping with it."""
        return {
            "description": schema["description"],
            "oneOf": [schema["properties"]["name"], {**schema, "minProperties": 1}],
        }

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"take the snapshot {self.name}"

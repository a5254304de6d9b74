"""The base classes of steps on a broker, or on one of its instances."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal

from lab.base import units
from lab.declare.references import BrokerName
from lab.declare.steps.base import Fault, Part, Step

STARTS_WITHIN = timedelta(seconds=120)
STOPS_WITHIN = timedelta(seconds=20)
Instance = Literal["1", "2", "active", "standby"]


class State(StrEnum):
    """The states of a broker's instance while the steps are done."""

    UP = "running"
    DOWN = "down"
    PAUSED = "paused"
    ABSENT = "not created yet"
    DELETED = "deleted"


# The steps that bring an instance out of a state, into one that other steps need.
_WAYS_OUT: Mapping[State, tuple[str, ...]] = {
    State.UP: ("stop", "kill"),
    State.DOWN: ("start",),
    State.PAUSED: ("resume",),
    State.ABSENT: ("create-broker",),
    State.DELETED: (),
}


class OnBroker(Step):
    """A step on one broker."""

    needs: ClassVar[tuple[State, ...]]  # the states in which the instance may be before
    brings: ClassVar[State | None] = None  # the state after it; None if it stays the same
    target: ClassVar[str] = "a broker"  # in an error
    restarts: ClassVar[bool] = False  # whether the instance ends on the way there
    fault = Fault.BROKER
    changes = Part.BROKERS
    broker: BrokerName
    """The broker that the step acts on."""

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return the error and the remedy for a time that is written in place of the broker."""
        try:
            units.parse_duration(fields if isinstance(fields, str) else "")
        except ValueError:
            return None
        needed = ", ".join(
            f"{field.alias or name}: …" for name, field in cls.model_fields.items() if field.is_required()
        )
        what = f"{cls.verb} acts on {cls.target}, and {fields} is a time"
        return what, f"write - wait: {fields} to wait, or - {cls.verb}: {{{needed}}}"

    def ways_out(self, state: State) -> tuple[str, ...]:
        """Return the steps of which one must be done before this one, if the instance is in such a state."""
        return ("pause",) if state is State.UP and State.PAUSED in self.needs else _WAYS_OUT[state]

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb.removesuffix('-broker')} broker {self.broker}"


class OnInstance(OnBroker):
    """A step on one instance of a broker; for a pair, the default is the active instance."""

    target: ClassVar[str] = "the process of a broker"
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the active one)."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        if self.instance is None:
            return super().words()
        named = f"instance {self.instance}" if self.instance in ("1", "2") else f"the {self.instance} instance"
        return f"{self.verb} {named} of broker {self.broker}"

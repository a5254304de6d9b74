"""The steps on a broker's instances and connectors: stop, kill, start, pause, resume, connector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal

from lab.base import units
from lab.declare.fields import Duration
from lab.declare.references import BrokerName, OwnConnectorName
from lab.declare.steps.base import Bridges, Fault, Part, Step

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


class Stop(OnInstance):
    """Stop a broker, and kill it if it does not exit in time."""

    verb: ClassVar[str] = "stop"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED
    within: Duration = STOPS_WITHIN
    """The maximum time to wait before the broker is killed."""


class Kill(OnInstance):
    """Kill a broker's process at once (SIGKILL)."""

    verb: ClassVar[str] = "kill"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED


class Start(OnInstance):
    """Start a stopped or killed broker, with its store, address and ports."""

    verb: ClassVar[str] = "start"
    needs = (State.DOWN,)
    brings = State.UP
    bridges = Bridges.RAISED
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the only one that is down)."""
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until the broker has started."""


class Pause(OnInstance):
    """Freeze a broker's process; its connections stay open, and it does not answer."""

    verb: ClassVar[str] = "pause"
    needs = (State.UP,)
    brings = State.PAUSED
    bridges = Bridges.DROPPED


class Resume(OnInstance):
    """Let a paused broker continue."""

    verb: ClassVar[str] = "resume"
    needs = (State.PAUSED,)
    brings = State.UP
    bridges = Bridges.RAISED
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the only one that is paused)."""


class ConnectorStep(OnBroker):
    """Stop or start a network connector over its broker's JMX."""

    verb: ClassVar[str] = "connector"
    needs = (State.UP,)
    bridges = Bridges.RAISED | Bridges.DROPPED
    name: OwnConnectorName
    """The name of the network connector in the broker's configuration."""
    do: Literal["stop", "start"]
    """The action on the connector."""

    @property
    def action(self) -> str:
        """Return the action in words, as it follows "there is nothing to"."""
        return f"{self.do} a connector on"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.do} connector {self.name} of {self.broker}"

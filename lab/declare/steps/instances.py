"""The steps on a broker's instances and connectors: stop, kill, start, pause, resume, connector."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.fields import Duration
from lab.declare.references import OwnConnectorName
from lab.declare.steps.base import (
    STARTS_WITHIN,
    STOPS_WITHIN,
    Bridges,
    Instance,
    OnBroker,
    OnInstance,
    State,
)


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

"""The step `connector`."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.references import OwnConnectorName
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnBroker, State


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

"""The step `delete-broker`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.broker import OnBroker, State


class DeleteBroker(OnBroker):
    """A broker is removed with its store, whatever its state, and does not come back."""

    verb: ClassVar[str] = "delete-broker"
    fault = Fault.EXISTENCE
    bridges = Bridges.DROPPED
    needs = (State.UP, State.PAUSED, State.DOWN)
    brings = State.DELETED

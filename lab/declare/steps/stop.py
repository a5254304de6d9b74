"""The step `stop`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import STOPS_WITHIN, OnInstance, State


class Stop(OnInstance):
    """Stop a broker, and kill it if it does not exit in time."""

    verb: ClassVar[str] = "stop"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED
    within: Duration = STOPS_WITHIN
    """The maximum time to wait before the broker is killed."""

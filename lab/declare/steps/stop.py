"""The step `stop`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import STOPS_WITHIN, OnInstance, State


class Stop(OnInstance):
    """A broker is stopped, as in the first half of a reboot: asked to end, and killed if it does not."""

    verb: ClassVar[str] = "stop"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED
    within: Duration = STOPS_WITHIN  # after that it is killed

"""The step `stop`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnInstance, State


class Stop(OnInstance):
    """A broker is asked to end, as a reboot's first half does."""

    verb: ClassVar[str] = "stop"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED
    within: Duration = timedelta(seconds=20)  # after that it is killed

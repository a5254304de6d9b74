"""The step `kill`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnInstance, State


class Kill(OnInstance):
    """Kill a broker's process at once (SIGKILL)."""

    verb: ClassVar[str] = "kill"
    needs = (State.UP, State.PAUSED)
    brings = State.DOWN
    bridges = Bridges.DROPPED

"""The step `pause`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnInstance, State


class Pause(OnInstance):
    """Freeze a broker's process; its connections stay open, and it does not answer."""

    verb: ClassVar[str] = "pause"
    needs = (State.UP,)
    brings = State.PAUSED
    bridges = Bridges.DROPPED

"""The step `pause`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnInstance, State


class Pause(OnInstance):
    """A broker's process is frozen: its connections stay, and nothing answers."""

    verb: ClassVar[str] = "pause"
    needs = (State.UP,)
    brings = State.PAUSED
    bridges = Bridges.DROPPED

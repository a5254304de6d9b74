"""The step `resume`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import OnInstance, State


class Resume(OnInstance):
    """A paused broker goes on."""

    verb: ClassVar[str] = "resume"
    needs = (State.PAUSED,)
    brings = State.UP
    bridges = Bridges.RAISED

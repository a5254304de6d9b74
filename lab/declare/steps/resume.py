"""The step `resume`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import Instance, OnInstance, State


class Resume(OnInstance):
    """Let a paused broker continue."""

    verb: ClassVar[str] = "resume"
    needs = (State.PAUSED,)
    brings = State.UP
    bridges = Bridges.RAISED
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the only one that is paused)."""

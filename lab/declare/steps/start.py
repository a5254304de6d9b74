"""The step `start`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import STARTS_WITHIN, Instance, OnInstance, State


class Start(OnInstance):
    """Start a stopped or killed broker, with its store, address and ports."""

    verb: ClassVar[str] = "start"
    needs = (State.DOWN,)
    brings = State.UP
    bridges = Bridges.RAISED
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the only one that is down)."""
    within: Duration = STARTS_WITHIN
    """The maximum time to wait until the broker has started."""

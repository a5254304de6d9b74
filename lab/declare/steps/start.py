"""The step `start`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges
from lab.declare.steps.broker import STARTS_WITHIN, OnInstance, State


class Start(OnInstance):
    """A broker that was stopped or killed starts again, with its store, address and ports."""

    verb: ClassVar[str] = "start"
    needs = (State.DOWN,)
    brings = State.UP
    bridges = Bridges.RAISED
    within: Duration = STARTS_WITHIN  # how long the broker is waited for

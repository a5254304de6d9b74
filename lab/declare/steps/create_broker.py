"""The step `create-broker`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Duration
from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.broker import STARTS_WITHIN, OnBroker, State


class CreateBroker(OnBroker):
    """A broker that the topology declares for later is made and started."""

    verb: ClassVar[str] = "create-broker"
    fault = Fault.EXISTENCE
    bridges = Bridges.RAISED
    needs = (State.ABSENT,)
    brings = State.UP
    within: Duration = STARTS_WITHIN

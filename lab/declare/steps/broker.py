"""What the steps on a broker, or on one of its instances, share."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from lab.declare.references import BrokerName
from lab.declare.steps.base import Fault, Step

STARTS_WITHIN = timedelta(seconds=120)


class State(StrEnum):
    """How an instance of a broker may be while the steps are done."""

    UP = "running"
    DOWN = "down"
    PAUSED = "paused"
    ABSENT = "not created yet"
    DELETED = "deleted"


class OnBroker(Step):
    """A step that befalls one broker."""

    needs: ClassVar[tuple[State, ...]]  # it may find the instance in one of these states
    brings: ClassVar[State | None] = None  # and brings it to this one; to none when it only passes
    restarts: ClassVar[bool] = False  # it ends on the way there
    fault = Fault.BROKER
    broker: BrokerName

    def words(self) -> str:
        """Return it in one line, for people."""
        return f"{self.verb.removesuffix('-broker')} broker {self.broker}"


class OnInstance(OnBroker):
    """A step that befalls one instance of a broker; of a pair, the active one when none is named."""

    instance: Literal["1", "2", "active", "standby"] | None = None

    def words(self) -> str:
        """Return it in one line, for people."""
        if self.instance is None:
            return super().words()
        named = f"instance {self.instance}" if self.instance in ("1", "2") else f"the {self.instance} instance"
        return f"{self.verb} {named} of broker {self.broker}"

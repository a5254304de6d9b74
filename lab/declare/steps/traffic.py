"""The step `traffic`."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.fields import Duration, MessageRate, Name
from lab.declare.steps.message import Message


class Traffic(Message):
    """Messages are sent in the background, at a rate, while the steps after it are done."""

    verb: ClassVar[str] = "traffic"
    name: Name
    rate: MessageRate
    spread: Literal["even", "exponential"] = "even"  # of the time between two messages
    duration: Duration | None = None  # until told, or the end of the steps, when left out

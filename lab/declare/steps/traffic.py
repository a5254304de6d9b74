"""The step `traffic`."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab import units
from lab.declare.fields import Duration, MessageRate, Name
from lab.declare.steps.message import Message


class Traffic(Message):
    """Messages are sent in the background, at a rate, while the steps after it are done."""

    verb: ClassVar[str] = "traffic"
    in_background = True
    name: Name
    rate: MessageRate
    spread: Literal["even", "exponential"] = "even"  # of the time between two messages
    duration: Duration | None = None  # until end-traffic, or the end of the steps, when left out

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"traffic {self.name} {self.sending()}, {units.format_message_rate(self.rate)}"
        words += " at random intervals" if self.spread == "exponential" else ""
        return words + (f", for {units.format_duration(self.duration)}" if self.duration is not None else "")

"""The step `traffic`."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.base import units
from lab.declare.fields import Duration, MessageRate, Name
from lab.declare.steps.message import Message


class Traffic(Message):
    """Send messages in the background while the next steps run."""

    verb: ClassVar[str] = "traffic"
    in_background = True
    name: Name
    """The name of the traffic, for the step `end-traffic`."""
    rate: MessageRate
    """The number of messages per time, for example `50/s`."""
    spread: Literal["even", "exponential"] = "even"
    """The time between two messages: always the same, or random with an exponential distribution."""
    duration: Duration | None = None
    """The time for which messages are sent (default: until `end-traffic` or the last step)."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"traffic {self.name} {self.sending()}, {units.format_message_rate(self.rate)}"
        words += " at random intervals" if self.spread == "exponential" else ""
        return words + (f", for {units.format_duration(self.duration)}" if self.duration is not None else "")

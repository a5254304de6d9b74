"""The step `request`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from lab import units
from lab.declare.fields import Duration
from lab.declare.steps.publish import Publish


class Request(Publish):
    """Messages are sent, and the answers to them awaited, in a temporary queue of the sender's connection."""

    verb: ClassVar[str] = "request"
    reply_to: Literal["temporary"] = "temporary"
    within: Duration = timedelta(seconds=10)  # of the last request's outcome: the answers

    def words(self) -> str:
        """Return the step in one line, for people."""
        within = units.format_duration(self.within)
        return f"{super().words().replace('publish', 'request', 1)}, answers to a temporary queue within {within}"

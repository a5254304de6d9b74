"""The step `request`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from lab.base import units
from lab.declare.fields import Duration
from lab.declare.steps.publish import Publish


class Request(Publish):
    """Publish requests, and wait for the answers in a temporary queue."""

    verb: ClassVar[str] = "request"
    reply_to: Literal["temporary"] = "temporary"
    """The place of the answers: a temporary queue of the sender's connection."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait for answers, from the outcome of the last request."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        within = units.format_duration(self.within)
        return f"{super().words().replace('publish', 'request', 1)}, answers to a temporary queue within {within}"

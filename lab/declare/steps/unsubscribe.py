"""The step `unsubscribe`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Step


class Unsubscribe(Step):
    """A client stops listening to all it had subscribed to, durable or not, and goes."""

    verb: ClassVar[str] = "unsubscribe"
    uses_client = True
    client: Name

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.client} unsubscribes"

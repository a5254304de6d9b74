"""The step `unsubscribe`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Part, Step


class Unsubscribe(Step):
    """End all subscriptions of a client, including durable ones, and disconnect it."""

    verb: ClassVar[str] = "unsubscribe"
    changes = Part.CLIENTS
    uses_client = True
    client: Name
    """The client that unsubscribes."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.client} unsubscribes"

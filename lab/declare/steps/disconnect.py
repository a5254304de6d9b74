"""The step `disconnect`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Part, Step


class Disconnect(Step):
    """Disconnect a client; its durable subscriptions stay."""

    verb: ClassVar[str] = "disconnect"
    changes = Part.CLIENTS
    uses_client = True
    client: Name
    """The client that disconnects."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.client} disconnects"

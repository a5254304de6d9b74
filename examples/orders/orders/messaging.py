"""What the application needs of messaging, whichever client library does it."""

from __future__ import annotations

from typing import Protocol


class Messaging(Protocol):
    """One connection to one broker."""

    def listen(self, queue: str) -> None:
        """Receive what comes into a queue, from now on."""
        ...

    def send(self, queue: str, body: str) -> None:
        """Send a message, and return when the broker has it."""
        ...

    def next(self, within: float) -> str | None:
        """Return the next message, done with; None if none comes within so many seconds."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...

"""Messaging by the lab's own clients, on real brokers and on models: the lab knows what became of each message."""

from __future__ import annotations

from lab.errors import LabTimeout
from lab.living.conversation import Conversation


class LabMessaging:
    """A connection of the lab."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def listen(self, queue: str) -> None:
        """Receive what comes into a queue, from now on."""
        self._conversation.subscribe(queue=queue)

    def send(self, queue: str, body: str) -> None:
        """Send a message, and return when the broker has it."""
        self._conversation.publish(body, queue=queue)

    def next(self, within: float) -> str | None:
        """Return the next message; None if none comes within so many seconds."""
        try:
            return self._conversation.receive(within=within).body.decode()
        except LabTimeout:
            return None

    def close(self) -> None:
        """Disconnect."""
        self._conversation.close()

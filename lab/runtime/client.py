"""One connection to one broker, and the events it tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lab.history import SendOutcome
from lab.runtime.messages import Destination, Incoming, Outgoing, Terms


class ClientEvents(Protocol):
    """What a client tells, from any thread, the moment it happens."""

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Say what became of a send."""
        ...

    def received(self, message: Incoming) -> None:
        """Hand over a message."""
        ...

    def lost(self, why: str) -> None:
        """Say, once, that the connection has gone; what was in flight is reported unknown."""
        ...

    def broke(self, error: Exception) -> None:
        """Say that the client itself is at fault: a bug, which must end the run."""
        ...


class Client(Protocol):
    """One connection to one broker, over one protocol, as one user."""

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; BrokerError if it refuses, LabTimeout if silent."""
        ...

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription, a durable one too."""
        ...

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages, and give what became of each: unknown where no answer came. Never raises."""
        ...

    def publish(self, message: Outgoing) -> None:
        """Hand a message over; its outcome comes as an event. Blocks while too many are in flight."""
        ...

    def close(self) -> None:
        """Leave, with durable subscriptions kept; what was in flight is reported unknown. Never raises."""
        ...

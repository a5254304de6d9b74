"""One connection to one broker: where it leads, what it is asked, and the events it tells."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from lab.errors import BrokerError
from lab.history import SendOutcome
from lab.runtime.messages import Destination, Incoming, Outgoing, Terms

CONNECT_WITHIN = 10.0  # seconds for TCP and TLS, and as many for the broker's welcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a broker is reached, and as whom; the certificate must be of `host` and signed by the CA of `ca_file`."""

    host: str
    port: int
    ca_file: Path | None  # None: whom the system trusts, which is no lab
    user: str
    password: SecretStr  # never shown
    client_id: str
    within: float = CONNECT_WITHIN

    def __str__(self) -> str:
        """Write where it is, and nothing of who."""
        return f"{self.host}:{self.port}"

    def tls(self) -> ssl.SSLContext:
        """Make a context that trusts the lab's CA alone and checks the host's name."""
        try:
            return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise BrokerError(f"cannot read the CA file {self.ca_file}: {error}", "is the lab still there?") from error


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

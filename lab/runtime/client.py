"""The protocol of a messaging client: its endpoint, its methods, and the events that it reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from lab.base.dataclass import dataclass
from lab.errors import BrokerError
from lab.history import SendOutcome
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Terms

if TYPE_CHECKING:  # a simulated client has no TLS, which is long to load
    import ssl

CONNECT_WITHIN = 10.0  # seconds for TCP and TLS, and as many for the broker's welcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A broker's address and a user's login; the certificate must name `host`, signed by the CA of `ca_file`."""

    host: str
    port: int
    ca_file: Path | None  # None: the system's own CAs, which no lab's certificate is from
    user: str
    password: SecretStr  # never shown
    client_id: str
    within: float = CONNECT_WITHIN

    def __str__(self) -> str:
        """Return the address only, without the user."""
        return f"{self.host}:{self.port}"

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts only the lab's CA and checks the host's name."""
        import ssl

        try:
            return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise BrokerError(
                f"cannot read the CA file {self.ca_file}: {error}",
                "check whether the lab is still running: mqlab status",
            ) from error


class ClientEvents(Protocol):
    """A client's callbacks, called from any thread at the moment of the event."""

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Report the outcome of a send."""
        ...

    def received(self, message: Incoming) -> None:
        """Report a message."""
        ...

    def lost(self, why: str) -> None:
        """Report, once, that the connection is lost; sends in flight are reported unknown."""
        ...

    def broke(self, error: Exception) -> None:
        """Report a bug of the client itself, which must end the run."""
        ...


class Client(Protocol):
    """One connection to one broker, over one protocol, as one user.

    >>> client = lab.connect(client="c", broker="tokyo", over="mqtt", user="testuser", events=events)
    >>> client.subscribe(Terms(destination=Destination(kind="topic", name="prices.eur")))
    >>> client.close()
    """

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; BrokerError if it refuses, LabTimeout if silent."""
        ...

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription, even a durable one."""
        ...

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages by token and return the outcome of each: unknown if no answer came. Never raises."""
        ...

    def browse(self, queue: Destination, within: float) -> Look:
        """Return the messages of a queue that the broker shows; they stay there. PlanError over MQTT."""
        ...

    def temporary(self) -> str:
        """Return the address of a new temporary queue, whose messages come as events; PlanError over MQTT."""
        ...

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome comes as an event. Block while too many are in flight."""
        ...

    def close(self) -> None:
        """Disconnect; durable subscriptions stay, and sends in flight are reported unknown. Never raises."""
        ...

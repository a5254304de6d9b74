"""The step `browse`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.activemq.protocols import Over
from lab.declare.fields import Duration, Name
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step


class Browse(Step):
    """Browse the messages of a queue without consuming them."""

    verb: ClassVar[str] = "browse"
    changes = Part.NOTHING
    client: Name
    """The name of the client."""
    broker: BrokerName
    """The broker that the client connects to."""
    queue: str = Field(min_length=1)
    """The name of the queue, without wildcards."""
    over: Over
    """The protocol of the connection, always with TLS."""
    user: UserName | None = None
    """The user that logs in (default: the broker's only user)."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait until the broker has shown all messages."""

    @property
    def topic(self) -> None:
        """Return None: a topic does not keep messages to browse."""
        return

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, self.client)

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.client} browses queue://{self.queue} at {self.broker} over {self.over}"

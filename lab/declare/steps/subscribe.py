"""The step `subscribe`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lab import units
from lab.activemq.destinations import destination_of
from lab.activemq.protocols import Over
from lab.declare.destination_fields import OneDestination
from lab.declare.fields import Name, Whole, YesNo
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step
from lab.declare.terms import MQTT, NOT_MQTT, SubscriptionTerms


class Subscribe(Step, OneDestination, SubscriptionTerms):
    """Subscribe a client, which stays connected until it disconnects or the run ends."""

    verb: ClassVar[str] = "subscribe"
    changes = Part.CLIENTS
    uses_client = True
    client: Name
    """The name of the client."""
    broker: BrokerName
    """The broker that the client connects to."""
    over: Over
    """The protocol of the connection, always with TLS."""
    qos: Annotated[Whole, MQTT] = Field(default=1, ge=0, le=2)
    """The MQTT quality of service of the subscription."""
    user: UserName | None = None
    """The user that logs in (default: the broker's only user)."""
    replies: Annotated[YesNo, NOT_MQTT] = False
    """Whether the client answers each request that it receives, over STOMP and AMQP."""

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, self.client, destination_of(self), listens=True)

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"{self.client} subscribes to {destination_of(self)} at {self.broker} over {self.over}"
        words += ", durable" if self.kept else ""
        words += ", answering" if self.replies else ""
        words += f", where {self.selector}" if self.selector is not None else ""
        words += f", acknowledging by {self.ack}" if self.ack != "auto" else ""
        words += f", prefetch {self.prefetch}" if self.prefetch is not None else ""
        if self.reconnect is not None:
            words += f", comes back {units.format_duration(self.reconnect.after)} after a loss"
        return words

"""The steps of clients: subscribe, unsubscribe, disconnect, connect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.destinations import destination_of
from lab.activemq.protocols import Over
from lab.base import units
from lab.declare.fields import Declared, Duration, Name, Whole, YesNo
from lab.declare.message_fields import MQTT, NOT_MQTT, NonEmptyLine, OneDestination
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step

DURABLE = replace(NOT_MQTT, instead="over MQTT a session is durable: write clean-session: no")


class Reconnect(Declared):
    """The attempts to reconnect after a lost connection: `1s`, or `{after: 1s, tries: 10}`."""

    after: Duration
    """The time before each attempt to reconnect."""
    tries: Whole = Field(default=10, ge=1, le=100_000)
    """The maximum number of attempts to reconnect."""

    @model_validator(mode="before")
    @classmethod
    def _after(cls, raw: Any) -> Any:
        return {"after": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _not_at_once(self) -> Self:
        if self.after <= timedelta(0):
            raise ValueError("the client needs some time between two tries: write after: 1s")
        return self


class SubscriptionTerms(Declared):
    """The terms of a subscription."""

    durable: Annotated[YesNo, DURABLE] = False
    """Whether the broker keeps a topic subscription while the client is disconnected, over STOMP and AMQP."""
    clean_session: Annotated[YesNo, MQTT] = True
    """Whether an MQTT session ends with its connection; with `no`, the broker keeps its subscriptions."""
    client_id: NonEmptyLine | None = None
    """The client id that the broker receives (default: generated)."""
    ack: Annotated[Literal["auto", "client", "client-individual"], NOT_MQTT] = "auto"
    """The acknowledgement mode, over STOMP and AMQP: automatic, for all messages so far, or for each message."""
    selector: Annotated[NonEmptyLine | None, NOT_MQTT] = None
    """The JMS selector that messages must match, over STOMP and AMQP."""
    prefetch: Annotated[Whole | None, NOT_MQTT] = Field(default=None, ge=1, le=100_000)
    """The maximum number of unacknowledged messages at the client, over STOMP and AMQP."""
    reconnect: Reconnect | None = None
    """The time before each attempt to reconnect after the connection is lost (default: no attempt)."""

    @property
    def kept(self) -> bool:
        """Return whether the broker keeps the subscription and its messages while the client is away."""
        return self.durable or not self.clean_session


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


class Connect(Step):
    """Try to log in at a broker, and disconnect at once if the login succeeds."""

    verb: ClassVar[str] = "connect"
    changes = Part.NOTHING
    client: Name
    """The name of the client."""
    broker: BrokerName
    """The broker that the client connects to."""
    over: Over
    """The protocol of the connection, always with TLS."""
    user: str | None = None
    """The user that logs in, any name if the password is wrong (default: the broker's only user)."""
    password: Literal["right", "wrong"] = "right"
    """The password of the login: the user's own, or a wrong one."""
    tls: Literal["verified", "untrusted", "wrong-name"] = "verified"
    """The TLS check: against the lab's CA, against other CAs only, or under a wrong host name."""
    within: Duration = timedelta(seconds=30)
    """The maximum time to wait for the connection, and again for the broker's answer."""

    @property
    def fails(self) -> bool:
        """Return whether the login must fail, which it also must with a wrong password or without trust."""
        return super().fails or self.password == "wrong" or self.tls != "verified"

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, self.client)

    def words(self) -> str:
        """Return the step in one line, for people."""
        knowing = "" if self.password == "right" else ", with a wrong password"
        knowing += {"untrusted": ", not knowing the lab's CA", "wrong-name": ", by a wrong name"}.get(self.tls, "")
        return f"{self.client} tries to connect to {self.broker} over {self.over}{knowing}"

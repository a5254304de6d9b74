"""The steps that send messages or take them: publish, request, traffic, end-traffic, consume, browse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, WithJsonSchema, field_serializer, model_validator

from lab.activemq.destinations import destination_of
from lab.activemq.matching import MOST_MESSAGES
from lab.activemq.protocols import Over, protocol
from lab.base import units
from lab.base.masking import MASK, is_secret
from lab.declare.fields import Declared, Duration, MessageRate, Name, Size, Whole, YesNo
from lab.declare.file_fields import BodyFile
from lab.declare.message_fields import MQTT, NOT_MQTT, HeaderName, Line, NonEmptyLine, OneDestination
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step, check_least


class MessageTerms(Declared):
    """The fields of a message beside its destination: body, headers, expiry, priority and others."""

    headers: Annotated[Mapping[HeaderName, Line] | None, NOT_MQTT] = None
    """The headers of each message, over STOMP and AMQP, for selectors and receivers."""
    expiry: Annotated[Duration | None, NOT_MQTT] = None
    """The time after which a message expires, over STOMP and AMQP (default: never)."""
    group: Annotated[NonEmptyLine | None, NOT_MQTT] = None
    """The message group (`JMSXGroupID`), over STOMP and AMQP; one consumer of a queue receives the group."""
    priority: Annotated[Whole | None, NOT_MQTT] = Field(default=None, le=9)
    """The priority of each message, from 0 to 9, over STOMP and AMQP."""
    file: Annotated[BodyFile, WithJsonSchema({"type": "string"})] | None = None
    """The path of the file with the body of each message, relative to the scenario."""

    @field_serializer("headers", when_used="json-unless-none")
    def _without_secrets(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: MASK if is_secret(name) else text for name, text in headers.items()}


class Message(Step, OneDestination, MessageTerms):
    """A step that sends messages."""

    changes = Part.NOTHING  # it says how many it sent, and expectations depend on that
    broker: BrokerName
    """The broker that the messages are sent to."""
    over: Over
    """The protocol of the connection, always with TLS."""
    qos: Annotated[Whole, MQTT] = Field(default=1, ge=0, le=2)
    """The MQTT quality of service of the messages."""
    persistent: Annotated[YesNo, NOT_MQTT] = True
    """Whether the messages are persistent, over STOMP and AMQP; over MQTT, `qos` decides."""
    retained: Annotated[YesNo, MQTT] = False
    """Whether the broker keeps the last message for later subscribers, over MQTT only."""
    body: str | None = None
    """The text of each message, where `{n}` becomes 1, 2, 3 and so on (default: generated)."""
    size: Size | None = None
    """The size of each generated body (default: the size of the message's id)."""
    user: UserName | None = None
    """The user that logs in (default: the broker's only user)."""
    at_least: Whole | None = None
    """The minimum number of messages that the broker must accept (default: all)."""

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, destination=destination_of(self))

    @property
    def sends_to(self) -> tuple[str, ...]:
        """Return the destination of the messages."""
        return (destination_of(self) or "",)

    def sending(self) -> str:
        """Return the destination, the broker and the terms of the messages, in words."""
        mqtt = protocol(self.over) == "mqtt"
        how = f"QoS {self.qos}" if mqtt else "persistent" if self.persistent else "non-persistent"
        words = f"to {destination_of(self)} at {self.broker} over {self.over}, {how}"
        words += ", retained" if self.retained else ""
        words += f", group {self.group}" if self.group is not None else ""
        words += f", priority {self.priority}" if self.priority is not None else ""
        words += f", over after {units.format_duration(self.expiry)}" if self.expiry is not None else ""
        words += f", with {', '.join(self.headers)}" if self.headers else ""
        words += f", the body of {self.file.path}" if self.file is not None else ""
        words += f", {units.format_size(self.size)} each" if self.size is not None else ""
        return words + (f", at least {self.at_least}" if self.at_least is not None else "")


class Publish(Message):
    """Publish messages, and wait for the outcome of each."""

    verb: ClassVar[str] = "publish"
    count: Whole = Field(default=1, ge=1, le=MOST_MESSAGES)
    """The number of messages."""
    every: Duration | None = None
    """The time between two messages (default: as fast as the broker acknowledges)."""
    rate: MessageRate | None = None
    """The number of messages per time, for example `50/s`, instead of `every`."""

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        if self.every is not None and self.rate is not None:
            raise ValueError("every and rate both set the pace: write one of them")
        return self

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        check_least(self.at_least, self.count)
        return self

    @property
    def shortest(self) -> timedelta:
        """Return the time from the first message to the last one."""
        if self.rate is not None:
            return timedelta(seconds=float((self.count - 1) / self.rate))
        return (self.every or timedelta(0)) * (self.count - 1)

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"publish {self.count} {self.sending()}"
        words += f", {units.format_message_rate(self.rate)}" if self.rate is not None else ""
        return words + (f", one every {units.format_duration(self.every)}" if self.every is not None else "")


class Request(Publish):
    """Publish requests, and wait for the answers in a temporary queue."""

    verb: ClassVar[str] = "request"
    reply_to: Literal["temporary"] = "temporary"
    """The place of the answers: a temporary queue of the sender's connection."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait for answers, from the outcome of the last request."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        within = units.format_duration(self.within)
        return f"{super().words().replace('publish', 'request', 1)}, answers to a temporary queue within {within}"


class Traffic(Message):
    """Send messages in the background while the next steps run."""

    verb: ClassVar[str] = "traffic"
    in_background = True
    name: Name
    """The name of the traffic, for the step `end-traffic`."""
    rate: MessageRate
    """The number of messages per time, for example `50/s`."""
    spread: Literal["even", "exponential"] = "even"
    """The time between two messages: always the same, or random with an exponential distribution."""
    duration: Duration | None = None
    """The time for which messages are sent (default: until `end-traffic` or the last step)."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"traffic {self.name} {self.sending()}, {units.format_message_rate(self.rate)}"
        words += " at random intervals" if self.spread == "exponential" else ""
        return words + (f", for {units.format_duration(self.duration)}" if self.duration is not None else "")


class EndTraffic(Step):
    """Stop traffic, and wait for the outcome of each of its messages."""

    verb: ClassVar[str] = "end-traffic"
    changes = Part.NOTHING
    name: Name
    """The name of the traffic."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"end traffic {self.name}"


class Consume(Step):
    """Consume messages one by one, from a client's subscription or from a queue."""

    verb: ClassVar[str] = "consume"
    changes = Part.NOTHING  # it says how many it took, and expectations depend on that
    uses_client = True
    client: Name
    """The client that consumes; with `queue`, a new client."""
    count: Whole = Field(default=1, ge=1, le=100_000)
    """The number of messages to consume."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait for the messages."""
    ack: YesNo = True
    """Whether the client acknowledges the messages; otherwise they return to the broker."""
    queue: str | None = Field(default=None, min_length=1)
    """The queue that the client connects to for this step (default: the client's own subscription)."""
    broker: BrokerName | None = None
    """The broker that the client connects to; required with `queue`."""
    over: Over | None = None
    """The protocol of the connection, always with TLS; required with `queue`."""
    user: UserName | None = None
    """The user that logs in, valid only with `queue` (default: the broker's only user)."""
    at_least: Whole | None = None
    """The minimum number of messages that the scenario needs (default: `count`)."""

    @property
    def topic(self) -> None:
        """Return None: from a topic, messages can be taken only through a subscription."""
        return

    @model_validator(mode="after")
    def _connects_or_not(self) -> Self:
        beside = [name for name in ("broker", "over", "user") if getattr(self, name) is not None]
        if self.queue is None and beside:
            raise ValueError(
                f"{beside[0]} is only for a consume step with queue; without queue, the step "
                "consumes from a subscription"
            )
        if self.queue is not None and (self.broker is None or self.over is None):
            raise ValueError("a consume step with queue connects by itself: write broker and over too")
        check_least(self.at_least, self.count)
        return self

    @property
    def login(self) -> Login | None:
        """Return the login that the step tries."""
        if self.broker is None or self.over is None:
            return None
        return Login(self.broker, self.over, self.user, self.client, destination_of(self), listens=True)

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"{self.client} takes {self.count}"
        words += f" of {destination_of(self)} at {self.broker} over {self.over}" if self.queue is not None else ""
        words += "" if self.ack else " without acknowledging"
        words += f", at least {self.at_least}" if self.at_least is not None else ""
        return f"{words}, within {units.format_duration(self.within)}"


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

"""The base class of steps that send messages, and the terms of a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, WithJsonSchema, field_serializer

from lab.activemq.destinations import destination_of
from lab.activemq.protocols import Over, protocol
from lab.base import units
from lab.base.masking import MASK, is_secret
from lab.declare.destination_fields import OneDestination
from lab.declare.fields import Declared, Duration, Size, Whole, YesNo
from lab.declare.file_fields import BodyFile
from lab.declare.header_fields import HeaderName, Line, NonEmptyLine
from lab.declare.only_over import MQTT, NOT_MQTT
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step


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

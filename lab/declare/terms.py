"""The terms of a subscription and of a message; a term that some protocols lack is marked with those that have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, field_serializer, model_validator

from lab.amazonmq.files.activemq_xml import LARGEST_FRAME
from lab.dataclass import dataclass
from lab.declare.fields import Declared, Duration, Whole, YesNo
from lab.declare.file_fields import BodyFile
from lab.masking import MASK, is_secret
from lab.printable import shown

LARGEST_BODY = LARGEST_FRAME - 64 * 1024  # bytes; the rest of a frame is for the headers

# Names of headers that SEND, SUBSCRIBE and the lab itself use.
_RESERVED = frozenset({
    "destination", "receipt", "transaction", "content-length", "content-type", "persistent", "expires", "priority",
    "reply-to", "correlation-id", "type", "id", "message-id", "subscription", "selector", "ack", "transformation",
    "redelivered", "timestamp", "retain", "mqlab_id",
})  # fmt: skip


_LONGEST = 2_000  # characters of a header's value
_HEADER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")


def _check_line(line: str) -> str:
    """Return a text that a header of any protocol can hold; raise ValueError for another one."""
    if any(ord(character) < 32 or ord(character) == 127 for character in line):
        raise ValueError("there is a control character in it: write one line")
    if len(line) > _LONGEST:
        raise ValueError(f"{shown(line)} is longer than {_LONGEST}")
    return line


def _check_header_name(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{shown(name)} is no name of a header: write letters, digits, underscores, dots and dashes")
    if name in _RESERVED or name.startswith(("JMS", "activemq.", "amq-")):
        raise ValueError(f"{name} is not for a header of your own: brokers and the lab use it")
    return name


Line = Annotated[str, AfterValidator(_check_line), WithJsonSchema({"type": ["string", "number"]})]
NonEmptyLine = Annotated[str, Field(min_length=1), AfterValidator(_check_line)]
HeaderName = Annotated[str, AfterValidator(_check_header_name)]


@dataclass(frozen=True, slots=True)
class OnlyOver:
    """A mark on a field that has a meaning over some protocols only."""

    protocols: tuple[str, ...]
    instead: str = ""  # the remedy over another protocol


MQTT, NOT_MQTT = OnlyOver(("mqtt",)), OnlyOver(("stomp", "amqp"))
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
            raise ValueError("a broker that is away needs some time between two tries: write after: 1s")
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


class MessageTerms(Declared):
    """The terms of a message."""

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

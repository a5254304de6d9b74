"""The fields that steps and expectations of messages share: destinations, headers, and terms of some protocols only."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from lab.base.dataclass import dataclass
from lab.base.printable import shown
from lab.declare.fields import Declared


@dataclass(frozen=True, slots=True)
class OnlyOver:
    """A mark on a field that has a meaning over some protocols only."""

    protocols: tuple[str, ...]
    instead: str = ""  # the remedy over another protocol


MQTT, NOT_MQTT = OnlyOver(("mqtt",)), OnlyOver(("stomp", "amqp"))


BOTH = "both topic and queue are given: remove one"


class Addressed(Declared):
    """A step or an expectation that may name a topic or a queue."""

    topic: str | None = Field(default=None, min_length=1)
    """The topic, as ActiveMQ names it, for example `prices.eur`."""
    queue: str | None = Field(default=None, min_length=1)
    """The queue, as ActiveMQ names it, for example `orders`."""


def check_one(addressed: Addressed) -> None:
    """Raise ValueError unless a topic or a queue is named, and not both."""
    if addressed.topic is not None and addressed.queue is not None:
        raise ValueError(BOTH)
    if addressed.topic is None and addressed.queue is None:
        raise ValueError("name one topic or one queue")


class OneDestination(Addressed):
    """A step or an expectation that names exactly one topic or one queue."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        check_one(self)
        return self


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
        raise ValueError(f"a header cannot have the name {name}: brokers and the lab use it")
    return name


Line = Annotated[str, AfterValidator(_check_line), WithJsonSchema({"type": ["string", "number"]})]
NonEmptyLine = Annotated[str, Field(min_length=1), AfterValidator(_check_line)]
HeaderName = Annotated[str, AfterValidator(_check_header_name)]

"""Headers of messages as fields: a name, and a text that any protocol can carry in a header."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from lab.base.printable import shown

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

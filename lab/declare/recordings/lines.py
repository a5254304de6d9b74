"""Lines of JSON ↔ the values of a recording; each line is checked as untrusted input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from lab.activemq.destinations import has_wildcard, prefixed
from lab.activemq.protocols import PROTOCOLS
from lab.base.printable import shown
from lab.base.records import compact_json, record
from lab.base.whole_lines import LONGEST, LineError, json_object
from lab.declare.recordings.values import (
    LARGEST,
    VERSION,
    Content,
    Footer,
    Header,
    Name,
    Priority,
    QoS,
    Recorded,
    Seconds,
)

_BEGINS = 'a recording begins with a line such as {"recording":1,…}: mqlab record writes one'
_KINDS = ("topic://", "queue://")


class _Line(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The line of a message, without the fields that its protocol does not have."""

    t: Seconds
    destination: Name
    over: str
    broker: Name
    headers: Mapping[Name, Content] = field(default_factory=dict)
    retained: bool = False
    qos: QoS | None = None
    persistent: bool | None = None
    priority: Priority | None = None
    expiry: Seconds | None = None
    group: Name | None = None
    type: Name | None = None
    id: str | None = None
    body: str | None = None
    body_base64: str | None = None


def header_line(header: Header) -> bytes:
    """Return the first line."""
    return _octets(header)


def footer_line(footer: Footer) -> bytes:
    """Return the last line."""
    return _octets(footer)


def line(message: Recorded) -> bytes:
    """Return the line of a message; raise LineError if no reader would accept it."""
    if len(message.body) > LONGEST:
        raise LineError(f"a body of {len(message.body)} bytes")
    fields: dict[str, Any] = {name: getattr(message, name) for name in _SHARED}
    fields["t"] = round(message.t, 6)
    try:
        fields["body"] = message.body.decode()
    except UnicodeDecodeError:
        fields["body_base64"] = base64.b64encode(message.body).decode()
    try:
        octets = msgspec.json.encode(_checked(record(fields, _Line))) + b"\n"
    except UnicodeEncodeError as error:
        raise LineError("half of a surrogate pair: it is not text") from error
    if len(octets) > LONGEST:
        raise LineError(f"a body of {len(message.body)} bytes, whose line is longer than {LONGEST // 2**20} MiB")
    return octets


def header_of(octets: bytes) -> dict[str, Any]:
    """Return the JSON object of a first line; raise LineError if the line is not one."""
    try:
        return json_object(octets)
    except LineError as bad:
        raise LineError(f"this is no recording: {bad.what}", bad.column, _BEGINS) from bad


def parsed_header(fields: dict[str, Any]) -> Header:
    """Return the Header of a first line; raise LineError if this version cannot read the recording."""
    if (version := fields.get("recording")) != VERSION or type(version) is not int:
        told = "this recording has no version" if version is None else f"this recording has version {_shown(version)}"
        writer = fields.get("mqlab")
        right = f"use mqlab {shown(writer)}, which wrote the recording" if isinstance(writer, str) else _BEGINS
        raise LineError(f"this mqlab reads only recordings of version {VERSION}: {told}", remedy=right)
    return record(fields, Header)


def parsed(octets: bytes) -> Recorded | Footer:
    """Return the message of a line, or the footer; raise LineError if anything in it is wrong."""
    try:
        message = _decoder().decode(octets)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        fields = json_object(octets)
        if "ended" in fields:
            return record(fields, Footer)
        if "recording" in fields:
            raise LineError("a second first line", remedy="check whether the file has two recordings") from None
        try:
            compact_json(fields).encode()
        except UnicodeEncodeError as error:
            raise LineError("half of a surrogate pair: it is not text") from error
        message = record(fields, _Line)
    return _recorded(message, _body(message))


def without_body(fields: Mapping[str, Any], size: int) -> Recorded:
    """Return a message without its body from the other fields of its line; raise LineError as `parsed` does."""
    return _recorded(record(fields, _Line), b"", octets(size))


def moment(t: float) -> float:
    """Return the moment of a message; raise LineError if it is not possible."""
    if not 0 <= t < LARGEST:
        raise LineError(f"t is {t}, not a number of seconds")
    return t


def octets(size: int) -> int:
    """Return a number of bytes; raise LineError if it is not possible."""
    if not 0 <= size <= LARGEST:
        raise LineError(f"size is {size}, not a whole number of at most {LARGEST:.0f}")
    return size


@cache
def _decoder() -> msgspec.json.Decoder[_Line]:
    return msgspec.json.Decoder(_Line)


def _recorded(message: _Line, body: bytes, size: int | None = None) -> Recorded:
    _checked(message)
    return Recorded(body=body, size=size, **{name: getattr(message, name) for name in _SHARED})


def _body(message: _Line) -> bytes:
    if (message.body is None) == (message.body_base64 is None):
        raise LineError("a message has either body or body_base64")
    if message.body is not None:
        return message.body.encode()
    try:
        return base64.b64decode(message.body_base64 or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LineError(f"body_base64 is not base64: {error}") from error


def _checked(message: _Line) -> _Line:
    """Return the message; raise LineError if its protocol or its destination is not possible."""
    if message.over not in PROTOCOLS:
        raise LineError(f"over is {_shown(message.over)}; there are {', '.join(PROTOCOLS)}")
    name = message.destination
    if not name.startswith(_KINDS) or name in _KINDS:
        raise LineError(f"destination is {_shown(name)}; write topic://prices.eur, or queue://orders")
    if prefixed(name.partition("://")[2]) is not None:
        raise LineError(f"destination is {_shown(name)}: write the parts of a destination without topic:// or queue://")
    if has_wildcard(name):
        raise LineError(f"destination is {_shown(name)}: a message is sent to one destination, without wildcards")
    return message


def _octets(end: Header | Footer) -> bytes:
    text = compact_json(structs.asdict(end)) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate: its JSON escape


def _shown(content: object) -> str:
    """Return a field's content for an error; a long text by its length, since it may be a password."""
    if isinstance(content, str):
        return shown(content, 40)
    return repr(content) if isinstance(content, int | float | bool | None) else type(content).__name__


_SHARED = tuple(name for name in _Line.__struct_fields__ if name in Recorded._fields and name != "body")

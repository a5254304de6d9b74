"""Lines of JSON ↔ the values of a recording; each line is checked as a stranger's."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from lab.activemq.destinations import has_wildcard, prefixed
from lab.activemq.protocols import PROTOCOLS
from lab.printable import shown
from lab.recordings.values import VERSION, Footer, Header, Recorded
from lab.whole_lines import LONGEST, LineError, json_object

_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_BEGINS = 'a recording begins with a line such as {"recording":1,…}: mqlab record writes one'
_LARGEST = 1e15  # of a number
_LONGEST = 10_000  # characters of a name or of a header's value, more than a broker takes by default
_KINDS = ("topic://", "queue://")


def header_line(header: Header) -> str:
    """Return the first line."""
    return _DUMPS({"recording": header.recording, **asdict(header)}) + "\n"


def footer_line(footer: Footer) -> str:
    """Return the last line."""
    return _DUMPS({"ended": footer.ended, **asdict(footer)}) + "\n"


def line(message: Recorded) -> str:
    """Return the line of a message; what its protocol does not show is left out. LineError if nobody could read it."""
    if len(message.body) > LONGEST:
        raise LineError(f"a body of {len(message.body)} bytes")
    told: dict[str, Any] = {"t": round(message.t, 6), "destination": message.destination, "over": message.over}
    told["broker"] = message.broker
    if message.headers:
        told["headers"] = dict(message.headers)
    if message.retained:
        told["retained"] = True
    for name in _OPTIONAL:
        if (value := getattr(message, name)) is not None:
            told[name] = value
    _checked(told, _MESSAGE)
    try:
        told["body"] = message.body.decode()
    except UnicodeDecodeError:
        told["body_base64"] = base64.b64encode(message.body).decode()
    text = _DUMPS(told) + "\n"
    if len(text) > LONGEST // 4 and len(text.encode()) > LONGEST:  # a sign has four octets at most
        raise LineError(f"a body of {len(message.body)} bytes, whose line is longer than {LONGEST // 2**20} MiB")
    return text


def header_of(octets: bytes) -> dict[str, Any]:
    """Return the object of a first line; raise LineError if it is none."""
    try:
        return json_object(octets)
    except LineError as bad:
        raise LineError(f"this is no recording: {bad.what}", bad.column, _BEGINS) from bad


def parsed_header(found: dict[str, Any]) -> Header:
    """Return what a first line says; raise LineError if it is none of a recording that this version reads."""
    if (version := found.get("recording")) != VERSION or type(version) is not int:
        told = "it does not say its version" if version is None else f"it is of version {_shown(version)}"
        writer = found.get("mqlab")
        right = f"mqlab {shown(writer)} wrote it: use that one" if isinstance(writer, str) else _BEGINS
        raise LineError(f"no recording that this mqlab reads: {told}, and this reads version {VERSION}", remedy=right)
    its = _checked(found, _HEADER)
    return Header(**{**its, "asked": tuple(its["asked"])})


def parsed(octets: bytes) -> Recorded | Footer:
    """Return the message of a line, or the footer; raise LineError if anything in it is wrong."""
    found = json_object(octets)
    if "ended" in found:
        its = _checked(found, _FOOTER)
        return Footer(**{**its, "missed": tuple(its["missed"])})
    if "recording" in found:
        raise LineError("a second first line", remedy="are these two recordings in one file?")
    body = _body(found)
    its = _checked(found, _MESSAGE)
    return Recorded(body=body, headers=its.pop("headers", {}), **its)


def without_body(found: Mapping[str, Any], size: int) -> Recorded:
    """Return a message whose body is not there, from the other fields of its line; LineError as of `parsed`."""
    its = _checked(found, _MESSAGE)
    return Recorded(body=b"", headers=its.pop("headers", {}), size=octets(size), **its)


def moment(t: float) -> float:
    """Return the moment of a message; raise LineError if it is none."""
    return _number("t", t)


def octets(size: int) -> int:
    """Return a number of bytes; raise LineError if it is none."""
    return int(_whole(_LARGEST)("size", size))


def _body(found: dict[str, Any]) -> bytes:
    """Remove a message's body from the fields of its line, and return it."""
    if ("body" in found) == ("body_base64" in found):
        raise LineError("a message has either body or body_base64")
    text = found.pop("body", None)
    try:
        if text is not None:
            return _text("body", text).encode()
        return base64.b64decode(_text("body_base64", found.pop("body_base64")), validate=True)
    except (binascii.Error, ValueError) as error:
        if isinstance(error, LineError):
            raise
        raise LineError(f"body_base64 is not base64: {error}") from error


_Check = Callable[[str, Any], Any]


def _checked(found: Mapping[str, Any], fields: Mapping[str, tuple[_Check, bool]]) -> dict[str, Any]:
    """Return the fields of a line; raise LineError for one that is missing, unknown or of another kind."""
    for name, (_, needed) in fields.items():
        if needed and name not in found:
            raise LineError(f"{name} is missing")
    for name in found:
        if name not in fields:
            raise LineError(f"there is no {_shown(name)} here; there are {', '.join(fields)}")
    return {name: fields[name][0](name, value) for name, value in found.items()}


def _text(name: str, value: Any) -> str:
    if type(value) is not str:
        raise LineError(f"{name} is {_shown(value)}, not a text")
    try:
        if not value.isascii():
            value.encode()
    except UnicodeEncodeError as error:
        raise LineError(f"half of a surrogate pair in {name}: it is no text") from error
    return value


def _name(name: str, value: Any) -> str:
    """Return a text that fits into a line of a protocol: short, and without control characters."""
    text = _text(name, value)
    if len(text) > _LONGEST:
        raise LineError(f"{name} is longer than {_LONGEST} characters")
    if not text.isprintable() and any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise LineError(f"a control character in {name}")
    return text


def _value(name: str, value: Any) -> str:
    text = _text(name, value)
    if "\0" in text or len(text) > _LONGEST:
        raise LineError(f"a value of {name} is longer than {_LONGEST} characters, or has a zero byte")
    return text


def _destination(name: str, value: Any) -> str:
    text = _name(name, value)
    if not text.startswith(_KINDS) or text in _KINDS:
        raise LineError(f"{name} is {_shown(value)}; write topic://prices.eur, or queue://orders")
    if prefixed(text.partition("://")[2]) is not None:
        raise LineError(f"{name} is {_shown(value)}: parts of a destination are of its kind, and written without it")
    if has_wildcard(text):
        raise LineError(f"{name} is {_shown(value)}: a message is sent to one destination, without wildcards")
    return text


def _over(name: str, value: Any) -> str:
    if value not in PROTOCOLS:
        raise LineError(f"{name} is {_shown(value)}; there are {', '.join(PROTOCOLS)}")
    return str(value)


def _number(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < _LARGEST or not isfinite(value):
        raise LineError(f"{name} is {_shown(value)}, not a number of seconds")
    return float(value)


def _whole(most: float) -> _Check:
    def check(name: str, value: Any) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise LineError(f"{name} is {_shown(value)}, not a whole number of at most {most:.0f}")
        return value

    return check


def _flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise LineError(f"{name} is {_shown(value)}, not true or false")
    return value


def _headers(name: str, value: Any) -> dict[str, str]:
    return {_name("a header's name", each): _value(name, its) for each, its in _mapping(name, value).items()}


def _names(name: str, value: Any) -> dict[str, str]:
    return {_name(name, each): _value(name, its) for each, its in _mapping(name, value).items()}


def _counts(name: str, value: Any) -> dict[str, int]:
    count = _whole(_LARGEST)
    return {_name(name, each): count(name, its) for each, its in _mapping(name, value).items()}


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise LineError(f"{name} is {_shown(value)}, not an object")
    return value


def _list(name: str, value: Any) -> list[str]:
    if type(value) is not list:
        raise LineError(f"{name} is {_shown(value)}, not a list")
    return [_text(name, each) for each in value]


def _shown(value: Any) -> str:
    """Return a value for a message about it; a long one by its length, since half a password is masked by nobody."""
    if isinstance(value, str):
        return shown(value, 40)
    return repr(value) if isinstance(value, int | float | bool | None) else type(value).__name__


_OPTIONAL = ("qos", "persistent", "priority", "expiry", "group", "type", "id")
_HEADER: Mapping[str, tuple[_Check, bool]] = {
    "recording": (_whole(VERSION), True),
    "started": (_text, True),
    "mqlab": (_text, True),
    "brokers": (_names, True),
    "asked": (_list, True),
    "consumed": (_flag, False),
    "headers_kept": (_flag, False),
}
_MESSAGE: Mapping[str, tuple[_Check, bool]] = {
    "t": (_number, True),
    "destination": (_destination, True),
    "over": (_over, True),
    "broker": (_name, True),
    "headers": (_headers, False),
    "qos": (_whole(2), False),
    "persistent": (_flag, False),
    "retained": (_flag, False),
    "priority": (_whole(255), False),
    "expiry": (_number, False),
    "group": (_name, False),
    "type": (_name, False),
    "id": (_text, False),
}
_FOOTER: Mapping[str, tuple[_Check, bool]] = {
    "ended": (_text, True),
    "messages": (_whole(_LARGEST), True),
    "seconds": (_number, True),
    "missed": (_list, True),
    "redacted": (_counts, True),
    "digest": (_text, True),
}

"""Messages in AMQP's own encoding, as clients of other protocols receive messages published over AMQP. Pure.

By default (`transport.transformer=native`) a broker keeps such a message as octets: header, properties and body in the
sections of AMQP 1.0, part 3.2. MQTT and STOMP clients receive these octets as the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from lab.base.dataclass import dataclass

_HEADER, _PROPERTIES, _DATA, _VALUE, _FOOTER = 0x70, 0x74, 0x75, 0x77, 0x78
_STRINGS, _BINARIES = (0xA1, 0xB1), (0xA0, 0xB0)
_FIXED = {4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16}  # octets of a value, by the upper half of its type code
_SIZES = {0xA: 1, 0xB: 4, 0xC: 1, 0xD: 4, 0xE: 1, 0xF: 4}  # octets of the size before a value, by the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The body of a message, and its application properties that are text."""

    body: bytes
    properties: dict[str, str] = field(default_factory=dict)


def decode(octets: bytes) -> Encoded | None:
    """Return the content of an encoded message, or None if the octets are not one."""
    if octets[:2] != b"\x00S":
        return None
    body, properties = b"", {}
    try:
        for code, constructor, content in _sections(octets):
            if code == _PROPERTIES:
                properties = _texts(content, 1 if constructor == 0xC1 else 4)
            elif code == _DATA or (code == _VALUE and constructor in (*_STRINGS, *_BINARIES)):
                body += content
    except (IndexError, ValueError):
        return None
    return Encoded(body=body, properties=properties)


def _sections(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (descriptor, type code, content) of each section; raise ValueError or IndexError if there is none."""
    at = 0
    while at < len(octets):
        if octets[at : at + 2] != b"\x00S" or not _HEADER <= octets[at + 2] <= _FOOTER:
            raise ValueError("no section")
        start, end = _content(octets, at + 3)
        yield octets[at + 2], octets[at + 3], octets[start:end]
        at = end


def _content(octets: bytes, at: int) -> tuple[int, int]:
    """Return the start and the end of the content of the value that begins at an offset."""
    kind = octets[at] >> 4
    if kind in _FIXED:
        start, size = at + 1, _FIXED[kind]
    elif kind in _SIZES:
        start = at + 1 + _SIZES[kind]
        size = int.from_bytes(octets[at + 1 : start])
    else:
        raise ValueError("no value")
    if start + size > len(octets):
        raise ValueError("cut short")
    return start, start + size


def _texts(entries: bytes, count_octets: int) -> dict[str, str]:
    """Return the text entries of a map, given its content after its size."""
    found: dict[str, str] = {}
    at, items = count_octets, []
    while at < len(entries):
        start, end = _content(entries, at)
        items.append(entries[start:end].decode() if entries[at] in _STRINGS else None)
        at = end
    for key, value in zip(items[::2], items[1::2], strict=True):
        if key is not None and value is not None:
            found[key] = value
    return found

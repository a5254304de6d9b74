"""Identification of messages: ids, bodies that carry an id, and digests of bodies that do not.

Pure. docs/matching.md lists the messages that can be identified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b

from lab.activemq import amqp_encoding

MOST_MESSAGES = 10_000_000  # the most messages of one step
HEADER = "mqlab_id"  # a JMS property name: letters, digits and underscores
_MARK = b"mqlab "
_ID = r"([1-9][0-9]*-[1-9][0-9]*)"
_LONGEST = 200  # octets of a body within which its mark ends


def message_id(step: int, n: int) -> str:
    """Return the id of the n-th message of a step; both count from 1."""
    return f"{step}-{n}"


def header_value(run: str, id: str) -> str:
    """Return the value of the header `HEADER`, for protocols that have headers."""
    return f"{run}/{id}"


@lru_cache(maxsize=16)
def _mark(run: str) -> bytes:
    return _MARK + run.encode() + b" "


@lru_cache(maxsize=16)
def _in_header(run: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(re.escape(run) + "/" + _ID).fullmatch


@lru_cache(maxsize=16)
def _in_body(run: str) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
    return re.compile(re.escape(_mark(run)) + _ID.encode() + b" ").match


def make_body(run: str, id: str, size: int | None = None) -> bytes:
    """Return a body that carries its id, padded to `size` bytes; longer if the id needs more."""
    marker = _mark(run) + f"{id} ".encode()
    return marker if size is None else marker.ljust(size, b".")


def number_body(text: str, n: int) -> bytes:
    """Return a person's body for the n-th message: each `{n}` becomes the number, and nothing else changes."""
    return text.replace("{n}", str(n)).encode("utf-8", "surrogatepass")


def digest(body: bytes) -> str:
    """Return the digest by which a body without an id is known."""
    return blake2b(body, digest_size=8).hexdigest()


EMPTY_DIGEST = digest(b"")


def digest_as_text(body: bytes) -> str | None:
    """Return the digest of a body as a protocol of text shows it; None if that is the body itself.

    In STOMP over WebSocket, ActiveMQ replaces each sequence that is not UTF-8 by U+FFFD.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        return digest(body.decode(errors="replace").encode())
    return None


def identify(body: bytes, headers: Mapping[str, str], run: str) -> tuple[str | None, str | None]:
    """Return (id, None) from a message's header or its body's marker, or (None, digest) if neither is of this run."""
    if body[:2] == b"\x00S" and (encoded := amqp_encoding.decode(body)) is not None:
        # Published over AMQP: a protocol without headers delivers the message's headers inside the body.
        body, headers = encoded.body, {**encoded.properties, **headers}
    if (value := headers.get(HEADER)) is not None and (named := _in_header(run)(value)) is not None:
        return named[1], None
    if (marked := _in_body(run)(body, 0, _LONGEST)) is not None:
        return marked[1].decode("ascii"), None
    return None, digest(body)

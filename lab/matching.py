"""Which message is this? Ids, the bodies that carry them, digests of those that do not.

Pure; what it can and cannot tell is written for users in docs/matching.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

from lab.activemq import amqp_encoding

MOST = 10_000_000  # messages of one step
HEADER = "mqlab_id"  # a JMS property name: letters, digits and underscores
_MARK = b"mqlab "
_ID = re.compile(r"[1-9]\d*-[1-9]\d*")


def message_id(step: int, n: int) -> str:
    """Name the n-th message of a step; both count from 1."""
    return f"{step}-{n}"


def header_value(run: str, id: str) -> str:
    """Return what the header says, where the protocol has headers."""
    return f"{run}/{id}"


def make_body(run: str, id: str, size: int | None = None) -> bytes:
    """Make a body that carries its id, filled up to `size`; never shorter than what it has to say."""
    marker = f"mqlab {run} {id} ".encode()
    return marker if size is None else marker.ljust(size, b".")


def number_body(text: str, n: int) -> bytes:
    """Return a person's own body for the n-th message: an exact `{n}` becomes the number, and nothing else changes."""
    return text.replace("{n}", str(n)).encode("utf-8", "surrogatepass")


def digest(body: bytes) -> str:
    """Name a body that does not carry an id."""
    return blake2b(body, digest_size=8).hexdigest()


def identify(body: bytes, headers: Mapping[str, str], run: str) -> tuple[str | None, str | None]:
    """Tell a message's id, from its header or else its body's marker; where neither is of this run, its digest."""
    if body[:2] == b"\x00S" and (encoded := amqp_encoding.decode(body)) is not None:
        # What came over AMQP; a protocol without headers hands on those it had in its body.
        body, headers = encoded.body, {**encoded.properties, **headers}
    if (value := headers.get(HEADER)) is not None:
        of, _, found = value.rpartition("/")
        if of == run and _ID.fullmatch(found):
            return found, None
    if body.startswith(_MARK):
        words = body[:200].split(b" ", 3)
        if len(words) == 4 and words[1] == run.encode():
            found = words[2].decode("ascii", "replace")
            if _ID.fullmatch(found):
                return found, None
    return None, digest(body)

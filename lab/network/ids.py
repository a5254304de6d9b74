"""Ids as AWS writes them: a prefix and 17 hexadecimal digits."""

from __future__ import annotations

import hashlib

DIGITS = 17


def derived_id(prefix: str, *parts: object) -> str:
    """Return an id that depends on these parts alone, so that each run has the same.

    >>> derived_id("sgr", "mq", "inbound") == derived_id("sgr", "mq", "inbound")
    True
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f"{prefix}-{digest[:DIGITS]}"

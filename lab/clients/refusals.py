"""How an attempt ended, in one of a few words; which sentences of a broker say that somebody lacks a right. Pure."""

from __future__ import annotations

import re

REFUSED, TIMED_OUT, TLS_FAILED, NOT_AUTHORISED, FAILED = (
    "refused", "timed-out", "tls-failed", "not-authorised", "failed",
)  # fmt: skip

_LACKS_A_RIGHT = re.compile(
    r"password is invalid|wrong user or password|not authori[sz]ed|unauthori[sz]ed|has the user the right to",
    re.IGNORECASE,
)


def how(said: str) -> str:
    """Return the word for a broker's refusal: it lets nobody in, or something else was wrong."""
    return NOT_AUTHORISED if _LACKS_A_RIGHT.search(said) else FAILED

"""The words for how an attempt to connect failed, and the broker's sentences that mean missing rights. Pure."""

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
    """Return the word for a broker's refusal: `not-authorised` or `failed`."""
    return NOT_AUTHORISED if _LACKS_A_RIGHT.search(said) else FAILED

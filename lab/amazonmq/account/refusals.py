"""Amazon MQ's refusals of a verb: the problem, the name of the API's exception, and the remedy.

The exceptions are those that the API declares; which one answers a mistake, and the sentences, are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.errors import Problem, Refused


def bad_request(reason: str, right: str = "", *, attribute: str = "") -> Refused:
    """Return the refusal of a request that is invalid in itself."""
    return _refused(reason, "BadRequestException", right, attribute)


def conflict(reason: str, right: str = "", *, attribute: str = "") -> Refused:
    """Return the refusal of a request that does not fit the current state."""
    return _refused(reason, "ConflictException", right, attribute)


def not_found(kind: str, name: str, known: Iterable[str], label: str) -> Refused:
    """Return the refusal of a request that names something missing; `known` are the names that exist."""
    listed = ", ".join(known) or "none"
    reason = f"can't find requested {kind} [{name}], make sure your {kind} exists"
    return _refused(reason, "NotFoundException", f"{label}: {listed}", kind)


def _refused(reason: str, code: str, right: str, attribute: str) -> Refused:
    refusal = Refused([Problem(what=f"{reason} ({code})", remedy=right)])
    refusal.code, refusal.sentence, refusal.attribute = code, reason, attribute
    return refusal

"""How the service refuses a verb: its exception's name beside what is wrong, and what would be right.

The exceptions are those its API declares; which of them answers a given mistake, and the sentences, are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.errors import InputError, Problem


class Refused(InputError):
    """The service would not do it; `attribute` is what of the request is at fault, as its answers name it too."""

    attribute: str = ""


def bad_request(what: str, right: str = "", *, attribute: str = "") -> Refused:
    """The request itself cannot be."""
    return _refused(f"{what} (BadRequestException)", right, attribute)


def conflict(what: str, right: str = "", *, attribute: str = "") -> Refused:
    """The request does not fit how things are now."""
    return _refused(f"{what} (ConflictException)", right, attribute)


def not_found(kind: str, name: str, known: Iterable[str], label: str) -> Refused:
    """What the request names is not there."""
    listed = ", ".join(known) or "none"
    what = f"can't find requested {kind} [{name}], make sure your {kind} exists (NotFoundException)"
    return _refused(what, f"{label}: {listed}", kind)


def _refused(what: str, right: str, attribute: str) -> Refused:
    found = Refused([Problem(what=what, remedy=right)])
    found.attribute = attribute
    return found

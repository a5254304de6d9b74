"""How the service refuses a verb: its exception's name beside what is wrong, and what would be right.

The exceptions are those its API declares; which of them answers a given mistake, and the sentences, are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.errors import InputError


def bad_request(what: str, right: str = "") -> InputError:
    """The request itself cannot be."""
    return InputError.of(f"{what} (BadRequestException)", right)


def conflict(what: str, right: str = "") -> InputError:
    """The request does not fit how things are now."""
    return InputError.of(f"{what} (ConflictException)", right)


def not_found(kind: str, name: str, known: Iterable[str], label: str) -> InputError:
    """What the request names is not there."""
    listed = ", ".join(known) or "none"
    return InputError.of(
        f"can't find requested {kind} [{name}], make sure your {kind} exists (NotFoundException)", f"{label}: {listed}"
    )

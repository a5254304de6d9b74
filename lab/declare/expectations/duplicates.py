"""The expectation `duplicates`: how many duplicates each subscriber may receive."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.receivers import QUIET, ToReceivers
from lab.declare.fields import Duration, Whole


class Duplicates(ToReceivers, Addressed):
    """Subscribers received at most the given number of duplicates."""

    kind: ClassVar[str] = "duplicates"
    at_most: Whole = 0
    """The maximum number of duplicates that a subscriber may receive."""
    quiet: Duration | None = None
    """The time for which the lab waits for duplicates after the last expected message (default: 2s)."""

    @property
    def listens_on(self) -> timedelta:
        """Return the time after the last expected message in which a duplicate may arrive."""
        return QUIET if self.quiet is None else self.quiet

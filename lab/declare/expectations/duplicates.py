"""The expectation `duplicates`: how many duplicates each subscriber may receive."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.receivers import QUIET, ToReceivers
from lab.declare.fields import Duration, Whole


class Duplicates(ToReceivers, Addressed):
    """Each subscriber received at most so many messages again, after it had received them."""

    kind: ClassVar[str] = "duplicates"
    at_most: Whole = 0
    quiet: Duration | None = None  # after the last message expected

    @property
    def listens_on(self) -> timedelta:
        """Return how long after the last message expected a duplicate may come."""
        return QUIET if self.quiet is None else self.quiet

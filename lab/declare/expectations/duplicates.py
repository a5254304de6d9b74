"""The expectation `duplicates`: how many duplicates each subscriber may receive."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.addressed import Addressed
from lab.declare.expectations.receivers import ToReceivers
from lab.declare.fields import Whole


class Duplicates(ToReceivers, Addressed):
    """How many receipts beyond a message's first each subscriber may have."""

    claim: ClassVar[str] = "duplicates"
    at_most: Whole = 0

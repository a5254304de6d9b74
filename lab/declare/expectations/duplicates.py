"""The expectation `duplicates`: how often messages may come again."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.addressed import Addressed
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Each, Whole


class Duplicates(Expectation, Addressed):
    """How many receipts beyond a message's first each subscriber may have."""

    claim: ClassVar[str] = "duplicates"
    rests_on_messages: ClassVar[bool] = True
    to: Each | None = None
    at_most: Whole = 0

"""The expectation `browsed`: how many messages a browser saw in a queue."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrowserName


class BrowsedExpectation(Expectation):
    """How many messages a client saw the last time that it browsed."""

    kind: ClassVar[str] = "browsed"
    rests_on_sending: ClassVar[bool] = True
    client: BrowserName
    count: Amount

    @property
    def of_absence(self) -> bool:
        """Return whether there may be none."""
        return not self.count.at_least

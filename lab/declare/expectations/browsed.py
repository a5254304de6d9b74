"""The expectation `browsed`: how many messages a browser saw in a queue."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrowserName


class BrowsedExpectation(Expectation):
    """A client saw the given number of messages when it last browsed a queue."""

    kind: ClassVar[str] = "browsed"
    depends_on_sending: ClassVar[bool] = True
    client: BrowserName
    """The client that browsed the queue."""
    count: Amount
    """The number of messages that the client saw, exact or within bounds."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.count.at_least

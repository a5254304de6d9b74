"""The expectation `stuck`: how many messages are left in a queue without consumers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrokerName, SnapshotName
from lab.declare.steps.flow import END


class Stuck(Expectation):
    """The given number of messages is left in a queue from which no client consumes."""

    kind: ClassVar[str] = "stuck"
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker that has the queue."""
    queue: str = Field(min_length=1)
    """The name of the queue."""
    count: Amount
    """The number of messages left, exact or within bounds."""
    at: SnapshotName = END
    """The snapshot that is checked."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.count.at_least

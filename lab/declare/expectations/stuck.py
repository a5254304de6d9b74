"""The expectation `stuck`: how many messages are left in a queue without consumers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrokerName, SnapshotName
from lab.declare.steps.snapshot import END


class Stuck(Expectation):
    """The number of messages left in a queue of a broker that has no consumer is in bounds."""

    kind: ClassVar[str] = "stuck"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    queue: str = Field(min_length=1)
    count: Amount
    at: SnapshotName = END  # the snapshot that is judged

    @property
    def of_absence(self) -> bool:
        """Return whether there may be none."""
        return not self.count.at_least

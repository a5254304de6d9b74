"""The expectation `forwarded`: how many messages a broker forwarded to others."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.between import Amount
from lab.declare.destination_fields import OneDestination
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrokerName, SnapshotPair
from lab.declare.steps.snapshot import END, START


class Forwarded(Expectation, OneDestination):
    """The number of messages of a destination that a broker forwarded, by its own counter, is in bounds."""

    kind: ClassVar[str] = "forwarded"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    count: Amount
    between: SnapshotPair = (START, END)

    @property
    def of_absence(self) -> bool:
        """Return whether there may be none."""
        return not self.count.at_least

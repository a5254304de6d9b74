"""The expectation `forwarded`: how many messages a broker forwarded to others."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.between import Amount
from lab.declare.destination_fields import OneDestination
from lab.declare.expectations.base import Expectation
from lab.declare.references import BrokerName, SnapshotPair
from lab.declare.steps.flow import END, START


class Forwarded(Expectation, OneDestination):
    """A broker forwarded the given number of messages of a destination to other brokers."""

    kind: ClassVar[str] = "forwarded"
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker that forwards the messages."""
    count: Amount
    """The number of forwarded messages, exact or within bounds."""
    between: SnapshotPair = (START, END)
    """The two snapshots between which messages are counted."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.count.at_least

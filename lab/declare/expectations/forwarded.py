"""The expectation `forwarded`: how many messages a broker forwarded to others."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.addressed import OneDestination
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Amount
from lab.declare.references import BrokerName, SnapshotPair
from lab.declare.steps.snapshot import END, START


class Forwarded(Expectation, OneDestination):
    """How many messages of a destination a broker handed to other brokers, by its own counter."""

    claim: ClassVar[str] = "forwarded"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    count: Amount
    between: SnapshotPair = (START, END)

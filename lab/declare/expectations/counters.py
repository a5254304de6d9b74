"""The expectation `counters`: the rise of a broker's counters between two snapshots."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.declare.addressed import Addressed
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Amount
from lab.declare.references import BrokerName, ConnectorName, SnapshotPair
from lab.declare.steps.snapshot import END, START

COUNTERS = ("enqueued", "dequeued", "dispatched", "forwarded", "received", "expired", "duplicates", "discarded")


class Counters(Expectation, Addressed):
    """By how much a broker's counters rose between two snapshots: its totals, a destination's or a bridge end's."""

    claim: ClassVar[str] = "counters"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    between: SnapshotPair = (START, END)
    bridge: ConnectorName | None = Field(default=None, min_length=1)  # a connector's name: the end at this broker
    enqueued: Amount | None = None
    dequeued: Amount | None = None
    dispatched: Amount | None = None
    forwarded: Amount | None = None
    received: Amount | None = None
    expired: Amount | None = None
    duplicates: Amount | None = None
    discarded: Amount | None = None

    @property
    def amounts(self) -> dict[str, Amount]:
        """Return the amounts claimed, by counter."""
        return {name: amount for name in COUNTERS if (amount := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if sum(each is not None for each in (self.topic, self.queue, self.bridge)) > 1:
            raise ValueError("name one topic, one queue or one bridge, or none of them for the broker's totals")
        if not self.amounts:
            raise ValueError(f"give a counter: {', '.join(COUNTERS)}")
        return self

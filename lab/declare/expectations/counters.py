"""The expectation `counters`: the rise of a broker's counters between two snapshots, and what it has at one."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.declare.between import Amount, Portion
from lab.declare.destination_fields import Addressed
from lab.declare.expectations.base import Basis, Expectation
from lab.declare.references import BrokerName, ConnectorName, SnapshotName, SnapshotPair
from lab.declare.steps.snapshot import END, START

# These are expected as rises between two snapshots; those below as amounts at one snapshot.
COUNTERS = ("enqueued", "dequeued", "dispatched", "forwarded", "received", "expired", "duplicates", "discarded")
LEVELS = (
    "consumers", "network-consumers", "connections", "waiting", "in-flight", "inactive-durables", "topics", "queues",
    "memory",
)  # fmt: skip


class Counters(Expectation, Addressed):
    """A broker's counters, in all, of a destination or a bridge's end, are in bounds: at a snapshot, or between two."""

    kind: ClassVar[str] = "counters"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    between: SnapshotPair = (START, END)
    at: SnapshotName | None = None  # the end when left out
    bridge: ConnectorName | None = Field(default=None, min_length=1)  # a connector's name: the end at this broker
    enqueued: Amount | None = None
    dequeued: Amount | None = None
    dispatched: Amount | None = None
    forwarded: Amount | None = None
    received: Amount | None = None
    expired: Amount | None = None
    duplicates: Amount | None = None
    discarded: Amount | None = None
    consumers: Amount | None = None
    network_consumers: Amount | None = None
    connections: Amount | None = None
    waiting: Amount | None = None
    in_flight: Amount | None = None
    inactive_durables: Amount | None = None
    topics: Amount | None = None
    queues: Amount | None = None
    memory: Portion | None = None  # of its limit: percentages alone

    @property
    def of_absence(self) -> bool:
        """Return whether any of them may be none."""
        return not all(each.at_least for each in (*self.amounts.values(), *self.levels.values()))

    @property
    def basis(self) -> Basis:
        """Return the class of a simulated verdict: what is handed out, or is too much, depends on windows."""
        expected = {*self.amounts, *self.levels}
        if expected & {"dispatched", "discarded", "in-flight"}:
            return Basis.WINDOW
        return Basis.TIMER if expected & {"expired"} else Basis.RULE

    @property
    def of_process(self) -> tuple[str, ...]:
        """Return the field of the memory, if it is expected."""
        return () if self.memory is None else ("memory",)

    @property
    def amounts(self) -> dict[str, Amount]:
        """Return the rises expected, by counter."""
        return {name: amount for name in COUNTERS if (amount := getattr(self, name)) is not None}

    @property
    def levels(self) -> dict[str, Amount | Portion]:
        """Return the expected amounts of one snapshot, by name."""
        named = {name: getattr(self, name.replace("-", "_")) for name in LEVELS}
        return {name: amount for name, amount in named.items() if amount is not None}

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots that what is expected needs."""
        return (*(self.between if self.amounts else ()), *((self.at or END,) if self.levels else ()))

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if sum(each is not None for each in (self.topic, self.queue, self.bridge)) > 1:
            raise ValueError("name one topic, one queue or one bridge, or none of them for the broker in all")
        if not self.amounts and not self.levels:
            raise ValueError(f"give a counter: {', '.join((*COUNTERS, *LEVELS))}")
        if self.at is not None and not self.levels:
            raise ValueError(
                f"{next(iter(self.amounts))} is counted between two snapshots: write between: [{START}, {END}]"
            )
        if self.between != (START, END) and not self.amounts:
            raise ValueError(f"{next(iter(self.levels))} is what there is at one moment: write at, and a snapshot")
        if self.memory is not None and any(type(each) is int for each in (self.memory.at_least, self.memory.at_most)):
            raise ValueError("memory is a part of its limit: write a percentage, as in {at-most: 70%}")
        return self

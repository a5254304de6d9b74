"""The expectation `counters`: the rise of counters between two snapshots, and values at one snapshot."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.declare.between import Amount, Portion
from lab.declare.destination_fields import Addressed
from lab.declare.expectations.base import Basis, Expectation
from lab.declare.references import BrokerName, ConnectorName, SnapshotName, SnapshotPair
from lab.declare.steps.flow import END, START

# These are expected as rises between two snapshots; those below as amounts at one snapshot.
COUNTERS = ("enqueued", "dequeued", "dispatched", "forwarded", "received", "expired", "duplicates", "discarded")
LEVELS = (
    "consumers", "network-consumers", "connections", "waiting", "in-flight", "inactive-durables", "topics", "queues",
    "memory",
)  # fmt: skip


class Counters(Expectation, Addressed):
    """Counters of a broker, a destination or one end of a bridge are within the given bounds."""

    kind: ClassVar[str] = "counters"
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker whose counters are checked."""
    between: SnapshotPair = (START, END)
    """The two snapshots between which the rise of a counter is measured."""
    at: SnapshotName | None = None
    """The snapshot for values at one moment, such as `consumers` (default: the end of the run)."""
    bridge: ConnectorName | None = Field(default=None, min_length=1)
    """The connector whose bridge end at this broker is checked."""
    enqueued: Amount | None = None
    """The rise in messages that arrived from clients and other brokers; for a bridge, messages dispatched to it."""
    dequeued: Amount | None = None
    """The rise in messages that clients and other brokers have taken."""
    dispatched: Amount | None = None
    """The rise in messages dispatched to consumers."""
    forwarded: Amount | None = None
    """The rise in messages forwarded to other brokers."""
    received: Amount | None = None
    """The rise in messages that arrived from the other end of the bridge."""
    expired: Amount | None = None
    """The rise in expired messages."""
    duplicates: Amount | None = None
    """The rise in messages that the broker dropped because its store already had them."""
    discarded: Amount | None = None
    """The rise in messages of a topic that the broker discarded for a slow bridge."""
    consumers: Amount | None = None
    """The number of consumers, with the consumers of bridges."""
    network_consumers: Amount | None = None
    """The number of consumers that belong to bridges."""
    connections: Amount | None = None
    """The number of connections from clients and bridges."""
    waiting: Amount | None = None
    """The number of messages in the queue, or in all queues, including those in flight."""
    in_flight: Amount | None = None
    """The number of messages that consumers have received and not yet acknowledged."""
    inactive_durables: Amount | None = None
    """The number of durable subscriptions whose client is disconnected."""
    topics: Amount | None = None
    """The number of topics, without advisory topics."""
    queues: Amount | None = None
    """The number of queues, without temporary queues."""
    memory: Portion | None = None
    """The used part of the memory limit, as a percentage."""

    @property
    def of_absence(self) -> bool:
        """Return whether any of them may be none."""
        return not all(each.at_least for each in (*self.amounts.values(), *self.levels.values()))

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: dispatched and discarded messages depend on windows."""
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
        """Return the bounds for values at one snapshot, by name."""
        named = {name: getattr(self, name.replace("-", "_")) for name in LEVELS}
        return {name: amount for name, amount in named.items() if amount is not None}

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots that the bounds need."""
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
            raise ValueError(f"{next(iter(self.levels))} is a number at one moment: write at, and a snapshot")
        if self.memory is not None and any(type(each) is int for each in (self.memory.at_least, self.memory.at_most)):
            raise ValueError("memory is a part of its limit: write a percentage, as in {at-most: 70%}")
        return self

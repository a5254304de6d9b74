"""The expectations of forwarding, by bridges and counters: bridge, forwarded, counters, stuck, discarded, demand."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.destinations import destination_of
from lab.declare.between import Amount, Portion
from lab.declare.expectations.base import (
    After,
    AfterDemand,
    Basis,
    Expectation,
    Term,
    check_together,
    is_fault,
    may_change_demand,
)
from lab.declare.fields import Duration, YesNo
from lab.declare.message_fields import Addressed, OneDestination
from lab.declare.references import BrokerName, ConnectorName, Reference, SnapshotName, SnapshotPair, Thing
from lab.declare.steps.base import Part
from lab.declare.steps.flow import END, START


class Bridge(Expectation):
    """The bridge of a network connector is up or down, or its two ends count the same messages."""

    kind: ClassVar[str] = "bridge"
    depends_on: ClassVar[Part] = ~Part.CLIENTS
    depends_on_watching: ClassVar[bool] = True
    connector: ConnectorName
    """The name of the network connector in the broker's configuration."""
    broker: BrokerName | None = None
    """The broker whose configuration has the connector (default: the only one that has it)."""
    up: Literal["both-ends", "initiator", "nowhere"] | None = None
    """The ends of the bridge that must be up: both ends, only the initiator's end, or no end."""
    agree: YesNo = False
    """Whether each end must have received all messages that the other end dequeued."""
    within: Duration | None = None
    """The time, from the end of step `after`, in which the bridge must reach its state."""
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="remove within and after")] | None = None
    """The step after which `within` begins: its name, or a verb for the last step of this kind."""

    @property
    def of_absence(self) -> bool:
        """Return whether the bridge is to be down."""
        return self.up == "nowhere"

    @property
    def term(self) -> Term | None:
        """Return the time in which the bridge must open or close."""
        return Term.of(self.after, self.within)

    @model_validator(mode="after")
    def _together(self) -> Self:
        check_together(self.within, self.after)
        if self.up is None and not self.agree:
            raise ValueError("nothing is expected: write up: … or agree: yes")
        if self.up is None and self.after is not None:
            raise ValueError("within and after are for up: counters are compared at the end")
        return self


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


class Discarded(Expectation):
    """A broker discarded the given number of messages of a topic for a slow bridge."""

    kind: ClassVar[str] = "discarded"
    basis_without_term: ClassVar[Basis] = Basis.WINDOW  # how many are too many for a window
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker that discarded the messages."""
    topic: str = Field(min_length=1)
    """The topic whose messages were discarded."""
    count: Amount
    """The number of discarded messages, exact or within bounds."""
    between: SnapshotPair = (START, END)
    """The two snapshots between which messages are counted."""
    explains_loss: YesNo = False
    """Whether other brokers' subscribers must lack exactly the discarded messages."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.count.at_least

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.explains_loss and self.between != (START, END):
            raise ValueError("explains-loss applies to the whole scenario: remove between")
        return self


_After = Annotated[AfterDemand, Reference(Thing.STEP, kinds=may_change_demand, instead="remove within and after")]


class Demanded(Expectation, OneDestination):
    """A broker has demand for a destination: a bridge's consumer, without which it forwards no messages."""

    kind: ClassVar[str] = "demand"
    depends_on_watching: ClassVar[bool] = True
    broker: BrokerName
    """The broker that would forward the messages."""
    present: YesNo
    """Whether the broker must have demand for the destination."""
    within: Duration | None = None
    """The time, from the end of step `after`, in which demand must appear or end."""
    after: _After | None = None
    """The step after which `within` begins: its name, or a verb for the last step of this kind."""

    @property
    def of_absence(self) -> bool:
        """Return whether there is to be none."""
        return not self.present

    @property
    def watched(self) -> tuple[str, str] | None:
        """Return the broker and the destination expected."""
        return self.broker, str(destination_of(self))

    @property
    def term(self) -> Term | None:
        """Return the time in which demand must appear or end."""
        return Term.of(self.after, self.within)

    @model_validator(mode="after")
    def _together(self) -> Self:
        check_together(self.within, self.after)
        return self

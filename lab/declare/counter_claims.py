"""The step `snapshot`, and the claims about what the brokers themselves count.

Two snapshots take themselves where a claim needs them: `start`, before the first step, and `end`, when all is quiet.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.declare.broker_claims import After
from lab.declare.expectation import Expectation
from lab.declare.fields import Amount, Duration, Name, Pair, YesNo
from lab.declare.step import Addressed, OneDestination, Step

START, END = "start", "end"
COUNTERS = ("enqueued", "dequeued", "dispatched", "forwarded", "received", "expired", "duplicates", "discarded")
OF_BROKER = ("enqueued", "dequeued")
OF_BRIDGE = ("enqueued", "dequeued", "received")
OF_DESTINATION = tuple(name for name in COUNTERS if name != "received")


class Snapshot(Step):
    """Every counter of every broker is written down under a name, to be compared later."""

    verb: ClassVar[str] = "snapshot"
    name: Name

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Counters(Expectation, Addressed):
    """By how much a broker's counters rose between two snapshots: its totals, a destination's or a bridge end's."""

    claim: ClassVar[str] = "counters"
    broker: Name
    between: Pair = (START, END)
    bridge: str | None = Field(default=None, min_length=1)  # a connector's name: the end at this broker
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
        """Return the counters that are claimed."""
        return {name: amount for name in COUNTERS if (amount := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if sum(each is not None for each in (self.topic, self.queue, self.bridge)) > 1:
            raise ValueError("name one topic, one queue or one bridge, or none of them for the broker's totals")
        if not self.amounts:
            raise ValueError(f"give a counter: {', '.join(COUNTERS)}")
        return self


class Forwarded(Expectation, OneDestination):
    """How many messages of a destination a broker handed to other brokers, by its own counter."""

    claim: ClassVar[str] = "forwarded"
    broker: Name
    count: Amount
    between: Pair = (START, END)


class Stuck(Expectation):
    """How many messages are left in a broker's queue that has no consumer."""

    claim: ClassVar[str] = "stuck"
    broker: Name
    queue: str = Field(min_length=1)
    count: Amount
    at: Name = END  # the snapshot that is looked at


class Discarded(Expectation):
    """How many messages of a topic a broker dropped for a bridge that was too slow, by its own counter."""

    claim: ClassVar[str] = "discarded"
    broker: Name
    topic: str = Field(min_length=1)
    count: Amount
    between: Pair = (START, END)
    explains_loss: YesNo = False  # the subscribers of other brokers lost so many, and no more

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.explains_loss and self.between != (START, END):
            raise ValueError("explains-loss is of the whole scenario: remove between")
        return self


class Demanded(Expectation, OneDestination):
    """Whether a broker has a bridge's consumer on a destination, at the end or soon after a step."""

    claim: ClassVar[str] = "demand"
    broker: Name
    present: YesNo
    within: Duration | None = None  # of `after`
    after: Literal[After, "subscribe", "unsubscribe"] | None = None  # the last such step

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.within is None) != (self.after is None):
            raise ValueError("within and after go together")
        return self

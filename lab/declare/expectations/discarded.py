"""The expectation `discarded`: how many messages a broker dropped for a slow bridge."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.declare.between import Amount
from lab.declare.expectations.base import Basis, Expectation
from lab.declare.fields import YesNo
from lab.declare.references import BrokerName, SnapshotPair
from lab.declare.steps.flow import END, START


class Discarded(Expectation):
    """A broker discarded the given number of messages of a topic for a slow bridge."""

    kind: ClassVar[str] = "discarded"
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

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how many are too many for a window."""
        return Basis.WINDOW

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.explains_loss and self.between != (START, END):
            raise ValueError("explains-loss applies to the whole scenario: remove between")
        return self

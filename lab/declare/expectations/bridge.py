"""The expectation `bridge`: a connector's bridge is up, and its ends count the same."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.expectations.base import After, Expectation, Term, is_fault
from lab.declare.fields import Duration, YesNo
from lab.declare.references import BrokerName, ConnectorName, Reference, Thing
from lab.declare.steps.base import Part


class Bridge(Expectation):
    """A connector's bridge is up at the ends named, finally or within a time after a step; its ends' counters agree."""

    kind: ClassVar[str] = "bridge"
    rests_on: ClassVar[Part] = ~Part.CLIENTS
    rests_on_watching: ClassVar[bool] = True
    connector: ConnectorName
    broker: BrokerName | None = None  # the connector's broker; needed when two brokers use the name
    up: Literal["both-ends", "initiator", "nowhere"] | None = None
    agree: YesNo = False  # at the end: each end received what the other dequeued
    within: Duration | None = None  # of `after`
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="remove within and after")] | None = None

    @property
    def of_absence(self) -> bool:
        """Return whether the bridge is to be down."""
        return self.up == "nowhere"

    @property
    def term(self) -> Term | None:
        """Return the time in which the bridge must come up or go down."""
        return Term.of(self.after, self.within)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.within is None) != (self.after is None):
            raise ValueError("within and after go together")
        if self.up is None and not self.agree:
            raise ValueError("nothing is expected: write up: … or agree: yes")
        if self.up is None and self.after is not None:
            raise ValueError("within and after are for up: counters are compared at the end")
        return self

"""The expectation `bridge`: a connector's bridge is up, and its ends count the same."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.expectations.base import After, Expectation, Term, check_together, is_fault
from lab.declare.fields import Duration, YesNo
from lab.declare.references import BrokerName, ConnectorName, Reference, Thing
from lab.declare.steps.base import Part


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

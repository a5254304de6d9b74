"""The expectation `demand`: whether a broker has a bridge's consumer on a destination."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from lab.activemq.destinations import destination_of
from lab.declare.destination_fields import OneDestination
from lab.declare.expectations.base import AfterDemand, Expectation, Term, check_together, may_change_demand
from lab.declare.fields import Duration, YesNo
from lab.declare.references import BrokerName, Reference, Thing

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

"""The expectation `broker-state`: the state that Amazon MQ reports for a broker."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class BrokerStateExpectation(Expectation):
    """Amazon MQ reports the given state for a broker."""

    kind: ClassVar[str] = "broker-state"
    of_service: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    """The broker whose state is checked."""
    state: BrokerState
    """The state that Amazon MQ must report, for example `RUNNING`."""
    after: AfterService | None = None
    """The step after which the state is checked (default: the end of the run)."""
    during: AfterService | None = None
    """The step during which the broker must have the state at some moment."""

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.during is not None:
            raise ValueError("after and during exclude each other")
        return self

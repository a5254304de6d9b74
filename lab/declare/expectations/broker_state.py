"""The expectation `broker-state`: the state that the service reports for a broker."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class BrokerStateExpectation(Expectation):
    """The service has a broker in a state: at the end, after a step, or at some moment during it."""

    kind: ClassVar[str] = "broker-state"
    of_service: ClassVar[bool] = True
    rests_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    state: BrokerState
    after: AfterService | None = None
    during: AfterService | None = None

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.during is not None:
            raise ValueError("after and during exclude each other")
        return self

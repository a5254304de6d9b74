"""The expectation `configuration`: a broker's current and pending revision."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.fields import Whole
from lab.declare.references import BrokerName, ConfigurationName
from lab.declare.steps.base import Part


class ConfigurationExpectation(Expectation):
    """For the service, a broker has a revision of a configuration, and another one, or none, pending."""

    kind: ClassVar[str] = "configuration"
    of_service: ClassVar[bool] = True
    rests_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    name: ConfigurationName | None = None  # of the configuration it has; any when left out
    current: Whole | None = None
    pending: Whole | Literal["none"] | None = None
    after: AfterService | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.current is None and self.pending is None:
            raise ValueError("nothing is expected: write name, current or pending")
        return self

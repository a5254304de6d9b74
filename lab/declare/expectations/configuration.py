"""The expectation `configuration`: a broker's current and pending revision."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.fields import Whole
from lab.declare.references import BrokerName, ConfigurationName
from lab.declare.steps.base import Part


class ConfigurationExpectation(Expectation):
    """A broker has the given current and pending configuration in Amazon MQ's records."""

    kind: ClassVar[str] = "configuration"
    of_service: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.RECORDS
    broker: BrokerName
    """The broker whose record is checked."""
    name: ConfigurationName | None = None
    """The name of the broker's current configuration (default: any)."""
    current: Whole | None = None
    """The revision of the current configuration (default: any)."""
    pending: Whole | Literal["none"] | None = None
    """The revision that waits for a reboot, or `none` (default: any)."""
    after: AfterService | None = None
    """The step after which the record is checked (default: the end of the run)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.current is None and self.pending is None:
            raise ValueError("nothing is expected: write name, current or pending")
        return self

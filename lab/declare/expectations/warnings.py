"""The expectation `warnings`: what the service removed from a configuration when it saved it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Whole
from lab.declare.references import ConfigurationName
from lab.declare.steps.base import Part


class WarningsExpectation(Expectation):
    """The service removed these things when it saved a revision."""

    kind: ClassVar[str] = "warnings"
    of_service: ClassVar[bool] = True
    rests_on: ClassVar[Part] = Part.RECORDS
    configuration: ConfigurationName
    revision: Whole | None = None  # the last one saved when left out
    count: Amount | None = None  # of removals
    reason: (
        Literal["DISALLOWED_ELEMENT_REMOVED", "DISALLOWED_ATTRIBUTE_REMOVED", "INVALID_ATTRIBUTE_VALUE_REMOVED"] | None
    ) = None  # at least one warning has it, and the element and the attribute that are given
    element: str | None = None
    attribute: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.count is None and self.reason is None and self.element is None and self.attribute is None:
            raise ValueError("nothing is expected: write count, reason, element or attribute")
        return self

"""The expectation `warnings`: the settings that Amazon MQ removed from a configuration when it saved it."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.declare.between import Amount
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Whole
from lab.declare.references import ConfigurationName
from lab.declare.steps.base import Part


class WarningsExpectation(Expectation):
    """Amazon MQ removed the given settings from a configuration when it saved a revision."""

    kind: ClassVar[str] = "warnings"
    of_service: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.RECORDS
    configuration: ConfigurationName
    """The name of the configuration."""
    revision: Whole | None = None
    """The number of the revision (default: the last one saved)."""
    count: Amount | None = None
    """The number of removed settings, exact or within bounds."""
    reason: (
        Literal["DISALLOWED_ELEMENT_REMOVED", "DISALLOWED_ATTRIBUTE_REMOVED", "INVALID_ATTRIBUTE_VALUE_REMOVED"] | None
    ) = None
    """The reason of a warning, together with `element` and `attribute`."""
    element: str | None = None
    """The XML element of a warning."""
    attribute: str | None = None
    """The XML attribute of a warning."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.count is None and self.reason is None and self.element is None and self.attribute is None:
            raise ValueError("nothing is expected: write count, reason, element or attribute")
        return self

"""The step `impair`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Fault
from lab.declare.steps.link import OnLink
from lab.declare.topology import ImpairmentFields
from lab.link.impairment import Impairment
from lab.network.link import impairment_text


class Impair(OnLink, ImpairmentFields):
    """Replace all impairments of a link; an omitted setting returns to its default."""

    verb: ClassVar[str] = "impair"
    fault = Fault.QUALITY

    @property
    def new_impairment(self) -> Impairment:
        """Return the impairment of the link after the step."""
        return self.impairment()

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{super().words()}: {impairment_text(self.new_impairment)}"

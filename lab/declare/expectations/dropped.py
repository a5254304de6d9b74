"""The expectation `dropped`: how many packets the router dropped."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from lab.declare.between import Amount
from lab.declare.expectations.base import Basis, Expectation
from lab.declare.fields import Whole
from lab.declare.references import OriginName, OtherEndName
from lab.declare.steps.base import Part


class Dropped(Expectation):
    """The number of packets that the router dropped between two endpoints, lacking a route or rule, is in bounds."""

    kind: ClassVar[str] = "dropped"
    of_network: ClassVar[bool] = True
    rests_on: ClassVar[Part] = ~Part.CLIENTS
    source: OriginName = Field(alias="from")
    to: OtherEndName
    packets: Amount = Amount.model_construct(at_least=1)  # of which no validator need be built
    because: Literal["no-way", "no-egress-rule", "no-ingress-rule"] | None = None
    port: Whole | None = Field(default=None, ge=1, le=65535)

    @property
    def of_absence(self) -> bool:
        """Return whether there may be none."""
        return not self.packets.at_least

    @property
    def basis(self) -> Basis:
        """Return the class of a simulated verdict: how often TCP repeats itself."""
        return Basis.TIMER

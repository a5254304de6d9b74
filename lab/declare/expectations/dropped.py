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
    """The router dropped the given number of packets between two endpoints, because no route or rule allowed them."""

    kind: ClassVar[str] = "dropped"
    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = ~Part.CLIENTS
    source: OriginName = Field(alias="from")
    """The endpoint that sent the packets: a broker, a host, or `internet`."""
    to: OtherEndName
    """The broker that the packets were sent to."""
    packets: Amount = Amount.model_construct(at_least=1)
    """The number of dropped packets, exact or within bounds (default: at least 1)."""
    because: Literal["no-way", "no-egress-rule", "no-ingress-rule"] | None = None
    """The cause of the drops: no route, no outbound rule, or no inbound rule (default: any)."""
    port: Whole | None = Field(default=None, ge=1, le=65535)
    """The port that the packets were sent to (default: any)."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.packets.at_least

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how often TCP repeats itself."""
        return Basis.TIMER

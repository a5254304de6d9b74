"""The expectation `peering`: the state of a peering."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import Expectation
from lab.declare.references import PeeringName
from lab.declare.steps.base import Part


class PeeringIs(Expectation):
    """A VPC peering is in the given state when the run ends."""

    kind: ClassVar[str] = "peering"
    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.NETWORK
    name: PeeringName
    """The name of the peering."""
    state: Literal["pending-acceptance", "active", "failed", "rejected", "expired", "deleted"]
    """The state of the peering, as AWS names it."""

"""The step `reject-peering`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork
from lab.network import peerings
from lab.network.vpc import Network


class RejectPeering(OnNetwork):
    """Reject a pending request for a VPC peering."""

    verb: ClassVar[str] = "reject-peering"
    peering: Name
    """The peering, by its name or its id."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"reject the peering {self.peering}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.reject(network, self.peering, at=at)

"""The step `create-peering`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork
from lab.network import peerings
from lab.network.vpc import Network


class CreatePeering(OnNetwork):
    """Request a peering of two VPCs; packets pass only once it is accepted and both sides have routes."""

    verb: ClassVar[str] = "create-peering"
    refused_at = "accepter"
    name: Name
    """The name of the new peering."""
    requester: Name
    """The region whose VPC requests the peering."""
    accepter: Name
    """The region whose VPC receives the request."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.requester} asks {self.accepter} for the peering {self.name}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.request(
            network, name=self.name, requester=self.requester, accepter=self.accepter, at=at
        ).network

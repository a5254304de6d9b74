"""The step `create-peering`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork
from lab.network import peerings
from lab.network.vpc import Network


class CreatePeering(OnNetwork):
    """A VPC requests a peering with another one."""

    verb: ClassVar[str] = "create-peering"
    refused_at = "accepter"
    name: Name
    requester: Name  # the region whose VPC asks
    accepter: Name

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.requester} asks {self.accepter} for the peering {self.name}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.request(
            network, name=self.name, requester=self.requester, accepter=self.accepter, at=at
        ).network

"""The step `delete-route`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Bridges
from lab.declare.steps.network import OnNetwork
from lab.declare.vpc import Block
from lab.network import routes
from lab.network.vpc import Network


class DeleteRoute(OnNetwork):
    """Delete a route; packets on open connections are dropped too."""

    verb: ClassVar[str] = "delete-route"
    bridges = Bridges.DROPPED
    refused_at = "destination"
    table: Name
    """The route table, by its name."""
    destination: Block
    """The CIDR block of the route."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"delete the route {self.destination} of the route table {self.table}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return routes.delete(network, table=self.table, destination=self.destination)

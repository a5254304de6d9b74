"""The step `create-route`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.base import Bridges
from lab.declare.steps.network import OnNetwork
from lab.declare.vpc import Block
from lab.network import routes
from lab.network.vpc import Network


class CreateRoute(OnNetwork):
    """Add a route to a peering to a route table."""

    verb: ClassVar[str] = "create-route"
    bridges = Bridges.RAISED
    refused_at = "destination"
    table: Name
    """The route table; an undeclared main table has its region's name."""
    destination: Block
    """The CIDR block that packets go to, for example 10.2.0.0/16."""
    peering: Name
    """The peering that carries the packets, by its name or its id."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"route {self.destination} to the peering {self.peering} in the route table {self.table}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return routes.create(network, table=self.table, destination=self.destination, peering=self.peering)

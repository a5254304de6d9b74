"""The steps on the network: peerings, routes, security groups, and a connection that is tried."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.activemq.protocols import OPENWIRE
from lab.declare.fields import Duration, Name, RoundName, Whole
from lab.declare.references import OriginName, OtherEndName
from lab.declare.steps.base import Bridges, OnNetwork, Part, Step
from lab.declare.vpc import Block, InboundRule
from lab.network import peerings, routes, security_groups
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


class OnPeering(OnNetwork):
    """A step that changes one peering."""

    peering: Name
    """The peering, by its name or its id."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb.replace('-', ' the ')} {self.peering}"


class AcceptPeering(OnPeering):
    """Accept a pending request for a VPC peering."""

    verb: ClassVar[str] = "accept-peering"
    bridges = Bridges.RAISED

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.accept(network, self.peering, at=at)


class RejectPeering(OnPeering):
    """Reject a pending request for a VPC peering."""

    verb: ClassVar[str] = "reject-peering"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.reject(network, self.peering, at=at)


class DeletePeering(OnPeering):
    """Delete a peering; routes to it stay, as blackholes."""

    verb: ClassVar[str] = "delete-peering"
    bridges = Bridges.DROPPED

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return peerings.delete(network, self.peering, at=at)


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


class AuthorizeIngress(OnNetwork, InboundRule):
    """Add an inbound rule to a security group, in effect at once."""

    verb: ClassVar[str] = "authorize-ingress"
    bridges = Bridges.RAISED
    refused_at = "from"
    group: Name
    """The name of the security group."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"let {self.rule().allowed} in from {self.rule().peer} by {self.group}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return security_groups.authorize(network, self.group, self.rule())


class RevokeIngress(OnNetwork, InboundRule):
    """Remove the inbound rule with exactly this protocol, port and source from a group; open connections continue."""

    verb: ClassVar[str] = "revoke-ingress"
    refused_at = "from"
    group: Name
    """The name of the security group."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"let {self.rule().allowed} in from {self.rule().peer} no more by {self.group}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return security_groups.revoke(network, self.group, self.rule())


class Try(Step):
    """Try to open a connection, and record the outcome with the decision of the network rules."""

    verb: ClassVar[str] = "try"
    changes = Part.NOTHING
    names = ("name",)
    name: RoundName
    """The name of the attempt, for use in expectations."""
    source: OriginName = Field(alias="from")
    """The endpoint that connects: a broker, a host, or `internet`."""
    to: OtherEndName
    """The broker that the connection is made to."""
    port: Whole = Field(default=OPENWIRE.port, ge=1, le=65535)
    """The port that the connection is made to."""
    within: Duration = timedelta(seconds=3)
    """The maximum time to wait for an answer, after which the outcome is `silent`."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"try {self.source} to {self.to}, port {self.port}"

"""Steps on peerings, routes and security groups, and the step that tries who reaches whom."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.declare.fields import Duration, Name, Whole
from lab.declare.step import Step
from lab.declare.vpc import Block, InboundRule


class OnNetwork(Step):
    """A step that changes who may talk to whom."""


class CreatePeering(OnNetwork):
    """A VPC asks another one to peer."""

    verb: ClassVar[str] = "create-peering"
    name: Name
    requester: Name  # the region whose VPC asks
    accepter: Name


class AcceptPeering(OnNetwork):
    """The VPC that was asked accepts."""

    verb: ClassVar[str] = "accept-peering"
    peering: Name


class RejectPeering(OnNetwork):
    """The VPC that was asked refuses."""

    verb: ClassVar[str] = "reject-peering"
    peering: Name


class DeletePeering(OnNetwork):
    """A peering ends; routes to it stay, and lead nowhere."""

    verb: ClassVar[str] = "delete-peering"
    peering: Name


class CreateRoute(OnNetwork):
    """A route table gets a route to a peering."""

    verb: ClassVar[str] = "create-route"
    table: Name  # a VPC's main table is called as its region unless another one is declared
    destination: Block
    peering: Name


class DeleteRoute(OnNetwork):
    """A route is taken away."""

    verb: ClassVar[str] = "delete-route"
    table: Name
    destination: Block


class AuthorizeIngress(OnNetwork, InboundRule):
    """A security group lets something in."""

    verb: ClassVar[str] = "authorize-ingress"
    group: Name


class RevokeIngress(OnNetwork, InboundRule):
    """A security group lets something in no more; connections that are open go on."""

    verb: ClassVar[str] = "revoke-ingress"
    group: Name


class Try(Step):
    """A connection is tried on real packets, and what the network says of it is written down beside."""

    verb: ClassVar[str] = "try"
    name: Name
    source: Name = Field(alias="from")  # a broker, or internet
    to: Name
    port: Whole = Field(default=61617, ge=1, le=65535)
    within: Duration = timedelta(seconds=3)  # what has not answered then is silent


NETWORK_STEPS: tuple[type[OnNetwork], ...] = (
    CreatePeering, AcceptPeering, RejectPeering, DeletePeering, CreateRoute, DeleteRoute,
    AuthorizeIngress, RevokeIngress,
)  # fmt: skip

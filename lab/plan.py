"""Topology → Plan: everything a runtime needs to open a lab, decided without touching anything.

A Plan holds no password: a broker's activemq.xml names its secrets by placeholder, and the runtime is handed them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from lab.network.link import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """One region, its VPC, one network."""

    name: str
    aws_region: str
    city: str  # "Tokyo", or the region code where we know no city
    vpc: IPv4Network


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """One broker, whole but for its passwords."""

    name: str
    region: str
    address: IPv4Address  # as declared; the runtime claims another one and keeps both
    broker_id: str
    host_name: str
    engine_version: str
    activemq_version: str
    memory: int  # bytes, of the container
    heap: int  # bytes, of the Java heap
    users: tuple[str, ...]
    console_users: tuple[str, ...]
    configuration: str  # the user's text
    activemq_xml: str  # what the broker gets


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePlan:
    """A bridge that a networkConnector asks for."""

    connector: str
    initiator: str  # the broker whose configuration has it
    responder: str
    duplex: bool
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """A link and its two directions."""

    name: str
    directions: tuple[Direction, Direction]
    source: str  # where the figures come from: "declared", or the preset with its source and date


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing the runtime does while opening, in order."""

    does: str  # create-network | start-router | start-broker | check-link | await-broker | await-bridge
    to: str  # the region, broker, link or connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is to stand, and the order of making it stand."""

    topology: str
    seed: int
    regions: tuple[RegionPlan, ...]
    links: tuple[LinkPlan, ...]
    brokers: tuple[BrokerPlan, ...]
    bridges: tuple[BridgePlan, ...]
    actions: tuple[Action, ...]

    def broker(self, name: str) -> BrokerPlan:
        """Give the broker of that name."""
        return next(broker for broker in self.brokers if broker.name == name)

    def link(self, name: str) -> LinkPlan:
        """Give the link of that name."""
        return next(link for link in self.links if link.name == name)

    def forwards(self, source: str, target: str) -> bool:
        """Tell whether some bridge carries messages from one broker straight to the other."""
        return any(
            (bridge.initiator, bridge.responder) == (source, target)
            or (bridge.duplex and (bridge.responder, bridge.initiator) == (source, target))
            for bridge in self.bridges
        )

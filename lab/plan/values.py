"""The Plan: everything a runtime needs to open a lab, decided without touching anything.

A Plan holds no password: a broker's activemq.xml names its secrets by placeholder; the runtime is handed them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab import units
from lab.amazonmq.configurations.sanitising import Removal
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode
from lab.network.link import Direction
from lab.network.vpc import Network

DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """One region, its VPC, one network."""

    name: str
    aws_region: str
    city: str  # "Tokyo", or the region code where we know no city
    vpc: IPv4Network


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlan:
    """One instance of a broker: what runs in a container of its own."""

    name: str  # the broker's own where there is one instance only; unique in the lab
    number: int
    address: IPv4Address  # as declared; the runtime claims another one and keeps both
    host_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """One broker, whole but for its passwords."""

    name: str
    region: str
    deployment_mode: DeploymentMode
    instances: tuple[InstancePlan, ...]
    broker_id: str
    engine_version: str
    activemq_version: str
    memory: int  # bytes, of the container
    heap: int  # bytes, of the Java heap
    users: tuple[str, ...]
    console_users: tuple[str, ...]
    identity: BrokerIdentity  # what its files are made for
    configuration_file: str
    configuration: str  # the user's text
    saved: str  # what the service would save of it
    removals: tuple[Removal, ...]  # what it would remove on the way
    activemq_xml: str  # what the broker gets
    later: bool = False  # it is made by a step, not when the lab opens

    @property
    def address(self) -> IPv4Address:
        """Return the declared address of the first instance."""
        return self.instances[0].address

    @property
    def host_name(self) -> str:
        """Return the host name of the first instance."""
        return self.instances[0].host_name


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePlan:
    """A bridge that a networkConnector asks for."""

    connector: str
    initiator: str  # the broker whose configuration has it
    responder: str
    duplex: bool
    user: str
    instances: tuple[int, ...] = ()  # of a responder that is a pair: those named, where not all are


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """A link and its two directions."""

    name: str
    directions: tuple[Direction, Direction]
    source: str  # where the figures come from: DECLARED, or the preset with its source and date


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing the runtime does while opening, in order."""

    does: str  # create-network | start-router | prepare-broker | start-broker | start-standby | await-broker | …
    to: str  # the region, broker, instance, link or connector


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
    network: Network = field(default_factory=Network)  # who may talk to whom when the lab begins

    def broker(self, name: str) -> BrokerPlan:
        """Return the broker of that name."""
        return next(broker for broker in self.brokers if broker.name == name)

    def link(self, name: str) -> LinkPlan:
        """Return the link of that name."""
        return next(link for link in self.links if link.name == name)

    def forwards(self, source: str, target: str) -> bool:
        """Return whether some bridge carries messages from one broker straight to the other."""
        return any(
            (bridge.initiator, bridge.responder) == (source, target)
            or (bridge.duplex and (bridge.responder, bridge.initiator) == (source, target))
            for bridge in self.bridges
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the whole Plan as a JSON-able dict; durations are text with their unit."""
        found = _plain(self)
        assert isinstance(found, dict)
        return found


def _plain(value: Any) -> Any:
    """Turn a value into what JSON has."""
    if isinstance(value, timedelta):
        return units.format_duration(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, IPv4Address | IPv4Network):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, BrokerPlan):
        of_first = {"address": str(value.address), "host_name": value.host_name}
        return {**of_first, **{field.name: _plain(getattr(value, field.name)) for field in fields(value)}}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value

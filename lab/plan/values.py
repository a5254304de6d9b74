"""The Plan: everything a runtime needs to open a lab, decided without touching anything.

A Plan holds no password: a broker's activemq.xml has placeholders for its secrets, which the runtime gets separately.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.amazonmq.configurations.sanitising import Removal
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode
from lab.base import units
from lab.base.dataclass import dataclass
from lab.network.link import Direction
from lab.network.vpc import Network

DECLARED = "declared"
CUBIC, OF_HOST = "cubic", "host"  # the congestion control of Linux, and of Amazon's machines; and the machine's own


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """A region with its VPC, which is one network of the lab."""

    name: str
    aws_region: str
    city: str  # "Tokyo"; the AWS region's code if the city is unknown
    vpc: IPv4Network


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlan:
    """An instance of a broker, which runs in its own container."""

    name: str  # the broker's name if there is one instance only; unique in the lab
    number: int  # from 1
    address: IPv4Address  # as declared; the runtime claims another one and keeps both
    host_name: str
    ports: Mapping[str, int] = field(default_factory=dict)  # of this machine, where fixed: endpoint's name → port


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """A broker, complete except for its passwords."""

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
    identity: BrokerIdentity  # from which its files are made
    configuration_file: str
    configuration: str  # the user's text
    saved: str  # the text that the service would save
    removals: tuple[Removal, ...]  # what the service would remove from it
    activemq_xml: str  # the file of the real broker
    later: bool = False  # created by a step, not when the lab opens

    def of_release(self, release: str) -> BrokerPlan:
        """Return the broker with another release of ActiveMQ."""
        return replace(self, activemq_version=release, identity=replace(self.identity, activemq_version=release))

    @property
    def address(self) -> IPv4Address:
        """Return the declared address of the first instance."""
        return self.instances[0].address

    @property
    def host_name(self) -> str:
        """Return the host name of the first instance."""
        return self.instances[0].host_name


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """The place of an application in a region; nothing is started there."""

    name: str
    region: str
    address: IPv4Address  # as declared; the runtime claims another one and keeps both
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePlan:
    """A bridge that a networkConnector asks for."""

    connector: str
    initiator: str  # the broker whose configuration has it
    responder: str
    duplex: bool
    user: str
    instances: tuple[int, ...] = ()  # of a pair as responder: those named; empty for all


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """A link and its two directions."""

    name: str
    directions: tuple[Direction, Direction]
    source: str  # where the figures come from: DECLARED, or the preset with its source and date


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of a lab for brokers that it gets later, from nothing: VPCs and brokers take them."""

    instances: Mapping[str, int]  # by region: how many instances can run there at the same time
    engine_versions: tuple[str, ...]  # that new brokers can have


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of the runtime while it opens a lab."""

    does: str  # create-network | start-router | prepare-broker | start-broker | start-standby | await-broker | …
    to: str  # the region, broker, instance, link or connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All parts of a lab, and the actions that open it, in order."""

    topology: str
    seed: int
    regions: tuple[RegionPlan, ...]
    links: tuple[LinkPlan, ...]
    brokers: tuple[BrokerPlan, ...]
    bridges: tuple[BridgePlan, ...]
    actions: tuple[Action, ...]
    network: Network = field(default_factory=Network)  # as it is when the lab opens
    hosts: tuple[HostPlan, ...] = ()
    tcp: str = CUBIC  # the congestion control of the brokers' machines, or OF_HOST
    places: Places | None = None  # None: all brokers are declared

    @property
    def memory(self) -> int:
        """Return the bytes that the brokers' containers may take together."""
        return sum(broker.memory * len(broker.instances) for broker in self.brokers)

    @property
    def activemq_version(self) -> str | None:
        """Return the release of all brokers; None if they have several."""
        releases = {broker.activemq_version for broker in self.brokers}
        return releases.pop() if len(releases) == 1 else None

    def of_releases(self, releases: Mapping[str, str]) -> Plan:
        """Return the plan with other releases of ActiveMQ for the brokers that are named."""
        its = (each.of_release(releases.get(each.name, each.activemq_version)) for each in self.brokers)
        return replace(self, brokers=tuple(its))

    def broker(self, name: str) -> BrokerPlan:
        """Return the broker of that name."""
        return next(broker for broker in self.brokers if broker.name == name)

    def link(self, name: str) -> LinkPlan:
        """Return the link of that name."""
        return next(link for link in self.links if link.name == name)

    def forwards(self, source: str, target: str) -> bool:
        """Return whether a bridge carries messages from one broker directly to the other."""
        return any(
            (bridge.initiator, bridge.responder) == (source, target)
            or (bridge.duplex and (bridge.responder, bridge.initiator) == (source, target))
            for bridge in self.bridges
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the whole Plan as a JSON-able dict; durations are text with their unit."""
        found = _to_json(self)
        assert isinstance(found, dict)
        return found


def _to_json(content: Any) -> Any:
    """Return a value as types of JSON."""
    if isinstance(content, timedelta):
        return units.format_duration(content)
    if isinstance(content, Enum):
        return content.value
    if isinstance(content, IPv4Address | IPv4Network):
        return str(content)
    if isinstance(content, frozenset):
        return sorted(_to_json(each) for each in content)
    if isinstance(content, tuple):
        return [_to_json(each) for each in content]
    if isinstance(content, BrokerPlan):
        of_first = {"address": str(content.address), "host_name": content.host_name}
        return {**of_first, **{field.name: _to_json(getattr(content, field.name)) for field in fields(content)}}
    if is_dataclass(content):
        return {field.name: _to_json(getattr(content, field.name)) for field in fields(content)}
    return content

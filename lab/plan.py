"""Topology → Plan: everything a runtime needs to open a lab, decided without touching anything.

A Plan holds no password: a broker's activemq.xml names its secrets by placeholder; the runtime is handed them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab import units
from lab.amazonmq.activemq_xml import render
from lab.amazonmq.connectors import NetworkConnector
from lab.amazonmq.deployment import DeploymentMode
from lab.amazonmq.identity import BrokerIdentity
from lab.amazonmq.sanitising import Removal
from lab.declare.identities import addresses, identity, numbered_hosts, sanitised
from lab.declare.networks import network_of
from lab.declare.topology import DirectedLink, ImpairmentFields, Link, Topology
from lab.errors import PlanError
from lab.network.aws import city, round_trip
from lab.network.link import Direction, Impairment
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


def plan(topology: Topology, *, seed: int, activemq_version: str | None = None) -> Plan:
    """Decide all that is to stand for a topology that `check` found no Problem in."""
    brokers = _brokers(topology, activemq_version)
    regions = tuple(
        RegionPlan(name=name, aws_region=region.aws_region, city=city(region.aws_region), vpc=region.vpc)
        for name, region in topology.regions.items()
    )
    links = tuple(_link(topology, link) for link in topology.links)
    bridges = tuple(_bridges(topology))
    return Plan(
        topology=topology.topology,
        seed=seed,
        regions=regions,
        links=links,
        brokers=brokers,
        bridges=bridges,
        network=network_of(topology),
        actions=_actions(regions, links, brokers, bridges),
    )


def _brokers(topology: Topology, activemq_version: str | None) -> tuple[BrokerPlan, ...]:
    placed = addresses(topology)
    found: list[BrokerPlan] = []
    for name, broker in topology.brokers.items():
        who, text = identity(topology, name, activemq_version), sanitised(topology, name)
        found.append(
            BrokerPlan(
                name=name,
                region=broker.region,
                deployment_mode=who.deployment_mode,
                instances=tuple(_instances(who, broker.region, placed[name])),
                broker_id=who.broker_id,
                engine_version=who.engine_version,
                activemq_version=who.activemq_version,
                memory=broker.memory,
                heap=broker.memory // 2,
                users=tuple(user.name for user in who.users),
                console_users=tuple(user.name for user in who.users if user.console_access),
                identity=who,
                configuration_file=text.configuration.file,
                configuration=text.configuration.text,
                saved=text.text,
                removals=text.removals,
                activemq_xml=render(text, who),
                later=broker.later,
            )
        )
    return tuple(found)


def _instances(who: BrokerIdentity, region: str, placed: Sequence[IPv4Address | None]) -> Iterator[InstancePlan]:
    for number, host, address in zip(who.deployment_mode.instances, who.host_names, placed, strict=True):
        name = who.deployment_mode.instance_name(who.name, number)
        if address is None:
            raise PlanError(f"no address is free for {name} in {region}", "make its VPC larger")
        yield InstancePlan(name=name, number=number, address=address, host_name=host)


def _link(topology: Topology, link: Link) -> LinkPlan:
    here, there = link.between
    source = DECLARED
    if isinstance(link.link, DirectedLink):
        ways = {region: fields.impairment() for region, fields in link.link.leaving.items()}
    elif isinstance(link.link, ImpairmentFields):
        ways = dict.fromkeys(link.between, link.link.impairment())
    else:
        preset = round_trip(topology.regions[here].aws_region, topology.regions[there].aws_region)
        if preset is None:
            raise PlanError(f"there is no measured round trip for the link {link.name}", "give a delay yourself")
        source = preset.source
        ways = dict.fromkeys(link.between, Impairment(delay=preset.delay))
    return LinkPlan(
        name=link.name,
        directions=(
            Direction(leaving=here, reaching=there, impairment=ways[here]),
            Direction(leaving=there, reaching=here, impairment=ways[there]),
        ),
        source=source,
    )


def _bridges(topology: Topology) -> Iterator[BridgePlan]:
    by_host = numbered_hosts(topology)
    for name in topology.brokers:
        yield from bridges_of(name, sanitised(topology, name).configuration.connectors, by_host)


def bridges_of(
    broker: str, connectors: Sequence[NetworkConnector], by_host: Mapping[str, tuple[str, int]]
) -> Iterator[BridgePlan]:
    """Return the bridges that a broker's connectors ask for; one to a host that no broker has is none.

    `by_host` maps each host name of the lab to its broker and its instance's number.
    """
    for connector in connectors:
        reached = [by_host[host][0] for host in _reached(connector) if host in by_host]
        named = {by_host[remote.host] for remote in connector.remotes if remote.host in by_host}
        for responder in dict.fromkeys(reached):
            numbers = tuple(sorted(number for name, number in named if name == responder))
            all_of_it = sum(1 for name, _ in by_host.values() if name == responder)
            yield BridgePlan(
                connector=connector.name,
                initiator=broker,
                responder=responder,
                duplex=connector.duplex,
                user=connector.user_name or "",
                instances=numbers if len(numbers) < all_of_it else (),
            )


def _reached(connector: NetworkConnector) -> tuple[str, ...]:
    """Return the hosts that get a bridge: static gives one to each, masterslave to the first that answers."""
    hosts = tuple(remote.host for remote in connector.remotes)
    return hosts[:1] if connector.discovery == "masterslave" else hosts


def _actions(
    regions: Sequence[RegionPlan],
    links: Sequence[LinkPlan],
    brokers: Sequence[BrokerPlan],
    bridges: Sequence[BridgePlan],
) -> tuple[Action, ...]:
    """Order what the runtime does: networks before brokers, and every broker started before any is waited for.

    The router is started behind the first broker, since it is ready long before a broker listens; those that connect to
    another broker are behind both.
    A link is measured when the brokers have started, since they take all of a small machine until then. What comes
    later is made ready and left alone.
    """
    here = [broker for broker in brokers if not broker.later]
    names = {broker.name for broker in here}
    starts = [Action(does="start-broker", to=name) for name in _responders_first(here, bridges)]
    awaited = [bridge.connector for bridge in bridges if {bridge.initiator, bridge.responder} <= names]
    return (
        *(Action(does="create-network", to=region.name) for region in regions),
        *starts[:1],
        Action(does="start-router", to="router"),
        *starts[1:],
        *(Action(does="prepare-broker", to=broker.name) for broker in brokers if broker.later),
        *(Action(does="start-standby", to=its.name) for broker in here for its in broker.instances[1:]),
        *(Action(does="await-broker", to=broker.name) for broker in here),
        *(Action(does="check-link", to=link.name) for link in links),
        *(Action(does="await-bridge", to=name) for name in dict.fromkeys(awaited)),
        *(Action(does="await-console", to=broker.name) for broker in here),
    )


def _responders_first(brokers: Sequence[BrokerPlan], bridges: Sequence[BridgePlan]) -> tuple[str, ...]:
    """Order brokers so that those whom others connect to come first: a refused connector tries again after a second."""
    found: list[str] = []
    left = [broker.name for broker in brokers]
    while left:
        waiting = {bridge.initiator for bridge in bridges if bridge.responder in left and bridge.initiator in left}
        next_ones = [name for name in left if name not in waiting] or left[:1]  # in a ring somebody must begin
        found += next_ones
        left = [name for name in left if name not in next_ones]
    return tuple(found)


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

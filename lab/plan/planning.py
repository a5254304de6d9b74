"""Planning: Topology → Plan, and the order of a runtime's actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.identity import BrokerIdentity
from lab.declare.topology import DirectedLink, ImpairmentFields, Link, Topology
from lab.errors import PlanError
from lab.link.impairment import Impairment
from lab.network.aws import round_trip
from lab.network.link import Direction
from lab.network.regions import city
from lab.network.vpc import Network
from lab.plan.brokers import addresses, host_addresses, identity, numbered_hosts, sanitised
from lab.plan.network import network_of
from lab.plan.ports import by_instance
from lab.plan.values import (
    CUBIC,
    DECLARED,
    Action,
    BridgePlan,
    BrokerPlan,
    HostPlan,
    InstancePlan,
    LinkPlan,
    Plan,
    RegionPlan,
)


def plan(topology: Topology, *, seed: int, activemq_version: str | None = None, port_base: int | None = None) -> Plan:
    """Return the Plan of a topology in which `check` found no Problem; raise PlanError if it cannot be built.

    `activemq_version` replaces the ActiveMQ releases of the engine versions; from `port_base` on, ports are counted as
    `fixed_ports` does.

    >>> its = plan(load_named("tokyo-singapore", {}).topology, seed=7)
    >>> [(bridge.initiator, bridge.responder) for bridge in its.bridges]
    [('tokyo', 'singapore')]
    """
    brokers = _brokers(topology, activemq_version, by_instance(topology, port_base))
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
        network=(network := network_of(topology)),
        hosts=tuple(_hosts(topology, network)),
        actions=_actions(regions, links, brokers, bridges),
        tcp=topology.tcp or CUBIC,
    )


def _brokers(
    topology: Topology, activemq_version: str | None, fixed: Mapping[str, Mapping[str, int]]
) -> tuple[BrokerPlan, ...]:
    placed = addresses(topology)
    found: list[BrokerPlan] = []
    for name, broker in topology.brokers.items():
        its_identity, text = identity(topology, name, activemq_version), sanitised(topology, name)
        found.append(
            BrokerPlan(
                name=name,
                region=broker.region,
                deployment_mode=its_identity.deployment_mode,
                instances=tuple(_instances(its_identity, broker.region, placed[name], fixed)),
                broker_id=its_identity.broker_id,
                engine_version=its_identity.engine_version,
                activemq_version=its_identity.activemq_version,
                memory=broker.memory,
                heap=broker.memory // 2,
                users=tuple(user.name for user in its_identity.users),
                console_users=tuple(user.name for user in its_identity.users if user.console_access),
                identity=its_identity,
                configuration_file=text.configuration.file,
                configuration=text.configuration.text,
                saved=text.text,
                removals=text.removals,
                activemq_xml=render(text, its_identity),
                later=broker.later,
            )
        )
    return tuple(found)


def _instances(
    its_identity: BrokerIdentity,
    region: str,
    placed: Sequence[IPv4Address | None],
    fixed: Mapping[str, Mapping[str, int]],
) -> Iterator[InstancePlan]:
    for number, host, address in zip(
        its_identity.deployment_mode.instances, its_identity.host_names, placed, strict=True
    ):
        name = its_identity.deployment_mode.instance_name(its_identity.name, number)
        if address is None:
            raise PlanError(f"no address is free for {name} in {region}", "make its VPC larger")
        yield InstancePlan(name=name, number=number, address=address, host_name=host, ports=fixed.get(name, {}))


def _hosts(topology: Topology, network: Network) -> Iterator[HostPlan]:
    for name, address in host_addresses(topology).items():
        region = topology.hosts[name].region
        if address is None:
            raise PlanError(f"no address is free for {name} in {region}", "make its VPC larger")
        groups = network.interface(name).groups
        yield HostPlan(name=name, region=region, address=address, security_groups=groups)


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
            raise PlanError(f"there is no round trip for the link {link.name}", "write a delay at the link")
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
    """Yield the bridges that a broker's connectors ask for; a host that no broker has is skipped.

    `by_host` maps each host name of the lab to its broker and its instance's number.
    """
    for connector in connectors:
        reached = [by_host[host][0] for host in _bridge_hosts(connector) if host in by_host]
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


def _bridge_hosts(connector: NetworkConnector) -> tuple[str, ...]:
    """Return the hosts to which a connector makes a bridge: static to each, masterslave to the first that answers."""
    hosts = tuple(remote.host for remote in connector.remotes)
    return hosts[:1] if connector.discovery == "masterslave" else hosts


def _actions(
    regions: Sequence[RegionPlan],
    links: Sequence[LinkPlan],
    brokers: Sequence[BrokerPlan],
    bridges: Sequence[BridgePlan],
) -> tuple[Action, ...]:
    """Return the runtime's actions in order: networks before brokers; every broker is started before any is awaited.

    The router is started after the first broker, since it is ready long before a broker listens; brokers that connect
    to another one are started after both. A link is measured when the brokers have started, since they take all of a
    small machine until then. Brokers that are created later are prepared and not started.
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
    """Return the brokers' names with those that others connect to first: a refused connector retries after a second."""
    found: list[str] = []
    left = [broker.name for broker in brokers]
    while left:
        waiting = {bridge.initiator for bridge in bridges if bridge.responder in left and bridge.initiator in left}
        next_ones = [name for name in left if name not in waiting] or left[:1]  # in a ring any of them begins
        found += next_ones
        left = [name for name in left if name not in next_ones]
    return tuple(found)

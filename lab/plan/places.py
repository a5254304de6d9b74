"""A lab that begins without brokers: networks and places are reserved, and VPCs and brokers take them one by one.

The networks are called vpc-1, vpc-2, …; a link joins each two. A network is of no region until a VPC takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import combinations

from lab.activemq.releases import release
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode
from lab.amazonmq.names import host_name
from lab.declare.topology import MEMORY, ImpairmentFields, Link, Region, Topology
from lab.network.aws import round_trip
from lab.network.regions import NONE, city
from lab.network.vpc import Network, Vpc
from lab.plan.change import hosts
from lab.plan.control import Control
from lab.plan.planning import bridges_of, plan
from lab.plan.values import BrokerPlan, InstancePlan, LinkPlan, Places, Plan, RegionPlan

_NOT_TAKEN = IPv4Network("0.0.0.0/24")  # the block of a network that no VPC has taken


def reserved_topology(name: str, vpcs: int) -> Topology:
    """Return the topology of a lab without brokers, which no file could declare."""
    names = [f"vpc-{number}" for number in range(1, vpcs + 1)]
    region = Region.model_construct(aws_region=NONE, vpc=_NOT_TAKEN, subnets={})
    links = tuple(Link(between=pair, link=ImpairmentFields()) for pair in combinations(names, 2))
    return Topology.model_construct(topology=name, regions=dict.fromkeys(names, region), brokers={}, links=links)


def reserved_plan(topology: Topology, brokers: int, engine_versions: Sequence[str]) -> Plan:
    """Return the plan of a lab without brokers, with places for so many instances in each network."""
    made = plan(topology, seed=1)
    places = Places(instances=dict.fromkeys(topology.regions, brokers), engine_versions=tuple(engine_versions))
    return replace(made, network=Network(topology=topology.topology), places=places)


def free_network(plan: Plan, network: Network) -> str | None:
    """Return the name of a reserved network that no VPC has taken; None if there is none left."""
    taken = {each.name for each in network.vpcs}
    return next((each.name for each in plan.regions if each.name not in taken), None)


def free_places(plan: Plan, account: Account, region: str) -> int:
    """Return how many instances can still be added to a network."""
    assert plan.places is not None  # the lab has them
    there = {each.name for each in (*account.brokers, *(record for record, _ in account.later))}
    used = sum(len(each.instances) for each in plan.brokers if each.region == region and each.name in there)
    return plan.places.instances[region] - used


def with_vpc(plan: Plan, vpc: Vpc) -> Plan:
    """Return the plan with the network of a VPC's name taken by the VPC."""
    taken = RegionPlan(name=vpc.name, aws_region=vpc.aws_region, city=city(vpc.aws_region), vpc=vpc.cidrs[0])
    regions = tuple(taken if each.name == vpc.name else each for each in plan.regions)
    return replace(plan, regions=regions)


def with_delays(plan: Plan, network: Network) -> Plan:
    """Return the plan in which each link between two VPCs has the measured delay between their regions."""
    regions = {each.name: each.aws_region for each in network.vpcs}

    def of(link: LinkPlan) -> LinkPlan:
        here, there = (each.leaving for each in link.directions)
        preset = round_trip(regions[here], regions[there]) if {here, there} <= regions.keys() else None
        if preset is None:
            return link
        ways = tuple(replace(each, impairment=replace(each.impairment, delay=preset.delay)) for each in link.directions)
        return replace(link, directions=(ways[0], ways[1]), source=preset.source)

    return replace(plan, links=tuple(map(of, plan.links)))


def with_broker(plan: Plan, control: Control, name: str) -> Plan:
    """Return the plan with a broker whose record is set aside in a control plane; earlier ones of its name go.

    The bridges of all brokers follow, since a connector may have named the broker before it was there.
    """
    record, configuration = next(each for each in control.account.later if each[0].name == name)
    text = sanitise(
        read(configuration.revision(record.current.revision).text.encode(), str(record.current)), record.engine_version
    )
    others = tuple(each for each in plan.brokers if each.name != name)
    brokers = (*others, _broker(plan, control.network, record, text))
    found = replace(plan, brokers=brokers, network=control.network)
    by_host = hosts(found)
    bridges = [bridge for each in brokers for bridge in bridges_of(each.name, _connectors(each), by_host)]
    return replace(found, bridges=tuple(bridges))


def _connectors(broker: BrokerPlan) -> Sequence[NetworkConnector]:
    return read(broker.saved.encode(), broker.configuration_file).connectors


def _broker(plan: Plan, network: Network, record: BrokerRecord, text: Sanitised) -> BrokerPlan:
    interfaces, mode = network.of_broker(record.name), DeploymentMode(record.deployment_mode)
    region = network.vpc(interfaces[0].vpc)
    names = tuple(host_name(record.broker_id, region.aws_region, number) for number in mode.instances)
    identity = BrokerIdentity(
        name=record.name,
        broker_id=record.broker_id,
        aws_region=region.aws_region,
        host_names=names,
        deployment_mode=mode,
        users=record.identities,
        engine_version=record.engine_version,
        activemq_version=release(record.engine_version, None) or record.engine_version,
        observe=(),
    )
    return BrokerPlan(
        name=record.name,
        region=region.name,
        deployment_mode=mode,
        instances=tuple(
            InstancePlan(name=its.name, number=number, address=its.address, host_name=host)
            for number, host, its in zip(mode.instances, names, interfaces, strict=True)
        ),
        broker_id=record.broker_id,
        engine_version=record.engine_version,
        activemq_version=identity.activemq_version,
        memory=MEMORY,
        heap=MEMORY // 2,
        users=tuple(user.name for user in identity.users),
        console_users=tuple(user.name for user in identity.users if user.console_access),
        identity=identity,
        configuration_file=text.configuration.file,
        configuration=text.configuration.text,
        saved=text.text,
        removals=text.removals,
        activemq_xml=render(text, identity),
        later=True,
    )

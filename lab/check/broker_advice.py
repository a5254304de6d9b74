"""Advice on a topology's brokers and their connectors: pairs, duplex, rights, quotas, engine versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from lab.activemq.protocols import OPENWIRE
from lab.activemq.releases import RECOMMENDED, ended
from lab.amazonmq.configurations.authorization import ADVISORIES, authorization_map, missing_rights
from lab.amazonmq.configurations.connectors import NetworkConnector, alternatives
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.declare.origin import Origin
from lab.declare.shape_quotas import asked_of_region, asked_of_vpc
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.network.regions import NONE
from lab.plan.brokers import brokers_by_host, hosts, instances_named


def advise_on_pairs(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on connectors that name only one instance of a pair, or retry the standby without end."""
    known, by_host = hosts(topology), brokers_by_host(topology)
    named = instances_named(topology)
    pairs = {name for name, broker in topology.brokers.items() if len(broker.deployment_mode.instances) > 1}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            yield from _one_of_several(connector, by_host)
            for pair in dict.fromkeys(_pairs(connector, by_host, pairs)):
                its_hosts = [host for host, broker in known.items() if broker == pair]
                right = f'write uri="masterslave:({",".join(map(OPENWIRE.url, its_hosts))})"'
                if numbers := named.get((name, connector.name, pair)):
                    (number,) = numbers
                    what = f"{connector.name} names only instance {number} of {pair}, "
                    what += (
                        f"so there is no bridge once {pair} fails over to the other"
                        if number == 1
                        else "the standby, whose ports refuse connections: there is no bridge before it takes over"
                    )
                elif connector.discovery == "static" and "failover:" not in (connector.uri or ""):
                    what = f"{connector.name} asks for a bridge to each instance of {pair}, and one always refuses"
                else:
                    continue
                yield Problem(what=what, remedy=right, place=connector.uri_place)


def _one_of_several(connector: NetworkConnector, by_host: Mapping[str, str]) -> Iterator[Problem]:
    """Yield advice on a connector that takes brokers for the instances of one."""
    for group in alternatives(connector):
        brokers = tuple(dict.fromkeys(by_host[remote.host] for remote in group))
        if len(brokers) > 1:
            yield Problem(
                what=f"{connector.name} has a bridge to one of {' and '.join(brokers)} at a time: the first to answer",
                remedy="write static: for a bridge to each; masterslave: and failover: are for the instances of a pair",
                place=group[0].place,
            )


def _pairs(connector: NetworkConnector, by_host: Mapping[str, str], pairs: Collection[str]) -> Iterator[str]:
    """Yield the brokers of two instances that a connector leads to."""
    return (broker for remote in connector.remotes if (broker := by_host[remote.host]) in pairs)


def advise_on_two_duplex(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on two brokers that each initiate a duplex bridge to the other: messages have two paths."""
    known = brokers_by_host(topology)
    asked: dict[tuple[str, str], NetworkConnector] = {}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes if connector.duplex):
                asked.setdefault((name, other), connector)
                back = asked.get((other, name))
                if back is not None:
                    rival = f"under the one name {connector.name}, so one is refused again and again"
                    yield Problem(
                        what=f"{name} and {other} both ask for a duplex bridge to each other"
                        + (f" {rival}" if back.name == connector.name else ", so there are two"),
                        remedy="remove duplex, or this connector: one bridge is enough; the other "
                        f"connector is at {back.place}",
                        place=connector.place,
                    )


def advise_on_rights(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on connectors whose user lacks rights on advisories at either end."""
    known = brokers_by_host(topology)
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for broker in dict.fromkeys((name, *(known[remote.host] for remote in connector.remotes))):
                user = topology.brokers[broker].users.get(connector.user_name or "")
                configuration = saved[broker].configuration
                authorization = authorization_map(configuration)
                missing = missing_rights(configuration, user.groups) if user else ()
                if authorization is not None and missing:
                    yield Problem(
                        what=f"{connector.user_name} may not {' or '.join(missing)} {ADVISORIES} at {broker}, "
                        f"so the bridge of {connector.name} does not come up",
                        remedy=f'add <authorizationEntry topic="{ADVISORIES}" …/> with a group of that user',
                        place=configuration.place(authorization.start),
                    )


def advise_on_quotas(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield advice on each VPC with more peerings, and each AWS region with more VPCs or brokers, than AWS takes."""
    codes = {name: its.aws_region for name, its in topology.regions.items() if its.aws_region != NONE}
    for region, count in _peerings(topology).items():
        if region not in codes:
            continue
        for what, remedy in asked_of_vpc(f"the VPC of {region}", count):
            yield Problem(what=what, remedy=remedy, place=origin.key("topology", "regions", region))
    brokers = Counter(codes[its.region] for its in topology.brokers.values() if its.region in codes)
    for code, vpcs in Counter(codes.values()).items():
        first = next(name for name in codes if codes[name] == code)
        place = origin.place("topology", "regions", first, "aws-region")
        for what, remedy in asked_of_region(code, vpcs, brokers[code]):
            yield Problem(what=what, remedy=remedy, place=place)


def _peerings(topology: Topology) -> Counter[str]:
    """Return how many active peerings each region's VPC has when the lab opens; without declared ones a link is one."""
    if topology.peerings is None:
        pairs = (link.between for link in topology.links) if topology.routed_by_links else ()
    else:
        pairs = ((each.requester, each.accepter) for each in topology.peerings.values() if each.state == "active")
    return Counter(region for pair in pairs for region in pair)


def advise_on_engines(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield advice on each broker with an engine version that Amazon MQ no longer supports."""
    for name, broker in topology.brokers.items():
        if (day := ended(broker.engine_version)) is not None:
            place = origin.place("topology", "brokers", name, "engine-version")
            what = f"Amazon MQ ended engine version {broker.engine_version} on {day}"
            yield Problem(what=what, remedy=f"it recommends {RECOMMENDED}", place=place)

"""Checks of a topology's regions, brokers, users and links, besides the checks of each field."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.releases import check_engine_version
from lab.amazonmq.names import check_broker_id, check_group, check_user_name
from lab.amazonmq.passwords import check_password
from lab.amazonmq.quotas import GROUPS_PER_USER, USERS_PER_BROKER
from lab.base import units
from lab.base.suggestions import unknown
from lab.check.blocks import check_blocks, with_free_blocks
from lab.check.hosts import MOST_BROKERS, NO_MORE_ADDRESSES, ROUTER, check_hosts, no_address
from lab.check.pairs import check_pair
from lab.check.ports import check_ports
from lab.declare.origin import Keys, Origin
from lab.declare.topology import MAX_MEMORY, MIN_MEMORY, Broker, DirectedLink, Link, Topology
from lab.errors import Place, Problem
from lab.network.addresses import check_address, check_vpc
from lab.network.aws import round_trip
from lab.network.regions import NONE, REGIONS, unknown_region
from lab.network.vpc import INTERNET
from lab.plan.brokers import addresses, broker_id
from lab.plan.network import network_problems

_ROOT: Keys = ("topology",)


def check_topology(topology: Topology, origin: Origin, activemq_version: str | None) -> Iterator[Problem]:
    """Yield the Problems of the topology, except those inside its configurations."""
    yield from _regions(topology, origin)
    yield from check_blocks(topology, origin)
    topology = with_free_blocks(topology)
    here: dict[str, list[str]] = {region: [] for region in topology.regions}
    for name, broker in topology.brokers.items():
        here.get(broker.region, []).extend(name for _ in broker.deployment_mode.instances)
    for region, its in here.items():
        for name in dict.fromkeys(its[MOST_BROKERS:]):
            yield Problem(
                what=f"{region} has more than {MOST_BROKERS} brokers (a pair counts as two)",
                remedy=NO_MORE_ADDRESSES,
                place=origin.key(*_ROOT, "brokers", name),
            )
    for name, broker in topology.brokers.items():
        yield from _broker(topology, name, broker, origin, activemq_version)
        yield from check_pair(topology, name, broker, origin)
        yield from _users(name, broker, origin)
    yield from _shared_between_brokers(topology, origin)
    yield from check_hosts(topology, origin)
    yield from check_ports(topology, origin)
    yield from network_problems(topology, origin)
    seen: dict[frozenset[str], int] = {}
    named: dict[str, int] = {}
    for number, link in enumerate(topology.links):
        yield from _link(topology, number, link, origin)
        first = seen.setdefault(frozenset(link.between), number)
        if first != number:
            where = origin.place(*_ROOT, "links", first)
            place = origin.place(*_ROOT, "links", number)
            yield Problem(
                what=f"a second link between {' and '.join(link.between)}",
                remedy=f"remove one of them; the first is at {where}",
                place=place,
            )
        elif (namesake := named.setdefault(link.name, number)) != number:
            one, other = (" and ".join(topology.links[each].between) for each in (namesake, number))
            where = origin.place(*_ROOT, "links", namesake)
            yield Problem(
                what=f'two links are called "{link.name}": the one between {one}, and the one between {other}',
                remedy=f"give one of the regions another name; the first is at {where}",
                place=origin.place(*_ROOT, "links", number),
            )


def _regions(topology: Topology, origin: Origin) -> Iterator[Problem]:
    for name, region in topology.regions.items():
        path: Keys = (*_ROOT, "regions", name)
        if name == INTERNET:
            yield _reserved("region", name, "its network to this machine", origin.key(*path))
        if region.aws_region not in REGIONS and region.aws_region != NONE:
            problem, remedy = unknown_region(region.aws_region)
            yield Problem(
                what=problem,
                remedy=f"{remedy}; write aws-region: none for a place of your own",
                place=origin.place(*path, "aws-region"),
            )
        if reason := check_vpc(region.vpc):
            yield Problem(what=reason, remedy="write a block such as 10.1.0.0/16", place=origin.place(*path, "vpc"))


def _reserved(kind: str, name: str, owner: str, place: Place | None) -> Problem:
    return Problem(what=f'a lab calls {owner} "{name}"', remedy=f"give the {kind} another name", place=place)


def _broker(
    topology: Topology, name: str, broker: Broker, origin: Origin, activemq_version: str | None
) -> Iterator[Problem]:
    path: Keys = (*_ROOT, "brokers", name)
    if name == ROUTER:
        yield _reserved("broker", name, "its router", origin.key(*path))
    if broker.region not in topology.regions:
        place = origin.place(*path, "region")
        yield unknown("region", broker.region, topology.regions, "regions of this topology", place)
    elif broker.address is not None:
        vpc = topology.regions[broker.region].vpc
        if reason := check_address(broker.address, vpc):
            right = f"write one such as {vpc[10]}, or none" if vpc.num_addresses > 10 else "give the VPC a larger block"
            yield Problem(what=reason, remedy=right, place=origin.place(*path, "address"))
    if broker.broker_id is not None and (reason := check_broker_id(broker.broker_id)):
        yield Problem(what=reason, place=origin.place(*path, "broker-id"))
    if wrong := check_engine_version(broker.engine_version, activemq_version):
        yield Problem(what=wrong[0], remedy=wrong[1], place=origin.place(*path, "engine-version"))
    if not MIN_MEMORY <= broker.memory <= MAX_MEMORY:
        bounds = f"{units.format_size(MIN_MEMORY)} to {units.format_size(MAX_MEMORY)}"
        yield Problem(
            what=f"a broker cannot have {units.format_size(broker.memory)} of memory",
            remedy=f"write {bounds}; half of it becomes the Java heap",
            place=origin.place(*path, "memory"),
        )


def _users(name: str, broker: Broker, origin: Origin) -> Iterator[Problem]:
    for user in list(broker.users)[USERS_PER_BROKER : USERS_PER_BROKER + 1]:
        yield Problem(
            what=f"{name} has {len(broker.users)} users",
            remedy=f"remove some: Amazon MQ permits at most {USERS_PER_BROKER} for a broker",
            place=origin.key(*_ROOT, "brokers", name, "users", user),
        )
    if broker.user is not None and broker.user not in broker.users:
        place = origin.place(*_ROOT, "brokers", name, "user")
        yield unknown("user", broker.user, broker.users, f"users of {name}", place)
    for user, fields in broker.users.items():
        path: Keys = (*_ROOT, "brokers", name, "users", user)
        if reason := check_user_name(user):
            yield Problem(what=reason, place=origin.key(*path))
        if reason := check_password(fields.password.get_secret_value()):
            yield Problem(what=reason, place=origin.place(*path, "password"))
        if len(fields.groups) > GROUPS_PER_USER:
            yield Problem(
                what=f"{user} is in {len(fields.groups)} groups",
                remedy=f"remove some: Amazon MQ permits at most {GROUPS_PER_USER} for a user",
                place=origin.place(*path, "groups", GROUPS_PER_USER),
            )
        for number, group in enumerate(fields.groups):
            if reason := check_group(group):
                yield Problem(what=reason, place=origin.place(*path, "groups", number))


def _shared_between_brokers(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield Problems with ids and addresses that two brokers share, and with VPCs without free addresses."""
    ids: dict[str, str] = {}
    taken: dict[tuple[str, str], str] = {}
    for name, its in addresses(topology).items():
        region = topology.brokers[name].region
        path: Keys = (*_ROOT, "brokers", name)
        own = broker_id(topology, name)
        if (first := ids.setdefault(own, name)) != name:
            yield Problem(
                what=f"{name} has the broker id of {first}",
                remedy="give each broker its own id, or leave the ids out",
                place=origin.place(*path, "broker-id"),
            )
        if None in its and region in topology.regions:
            vpc = topology.regions[region].vpc
            yield no_address(vpc, origin.key(*path))
        for address in its:
            if address is not None and (first := taken.setdefault((region, str(address)), name)) != name:
                yield Problem(
                    what=f"{name} has the address of {first}",
                    remedy="give each broker its own address, or leave the addresses out",
                    place=origin.place(*path, "addresses" if len(its) > 1 else "address"),
                )


def _link(topology: Topology, number: int, link: Link, origin: Origin) -> Iterator[Problem]:
    path: Keys = (*_ROOT, "links", number)
    for end, region in enumerate(link.between):
        if region not in topology.regions:
            place = origin.place(*path, "between", end)
            yield unknown("region", region, topology.regions, "regions of this topology", place)
    here, there = link.between
    if here == there:
        place = origin.place(*path, "between")
        yield Problem(what=f"a link from {here} to itself", remedy="name two regions", place=place)
    if isinstance(link.link, DirectedLink):
        for region in link.link.leaving:
            if region not in link.between:
                place = origin.key(*path, "link", "leaving", region)
                yield unknown("end of this link", region, link.between, "its ends", place)
        for region in dict.fromkeys(link.between):
            if region not in link.link.leaving:
                yield Problem(
                    what=f"no impairment is declared for the direction that leaves {region}",
                    remedy=f"add {region}: {{delay: 35ms}}",
                    place=origin.place(*path, "link", "leaving"),
                )
    elif link.link == "aws" and here != there and {here, there} <= set(topology.regions):
        a, b = topology.regions[here].aws_region, topology.regions[there].aws_region
        if round_trip(a, b) is None and {a, b} <= {*REGIONS, NONE}:
            yield Problem(
                what=f"there is no round trip between {a} and {b}, measured or estimated",
                remedy="give a delay yourself: {delay: 35ms}",
                place=origin.place(*path, "link"),
            )

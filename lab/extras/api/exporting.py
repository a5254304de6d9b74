"""A served account as the files of a topology: the VPCs that have brokers, by the names of their tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, count
from pathlib import Path

from lab.errors import InputError, Problem
from lab.extras.api.built_account import control_of
from lab.extras.api.kept_account import KeptAccount, account_folder, load
from lab.extras.api.records import Records
from lab.extras.api.renaming import Names, renamed
from lab.link.impairment import Impairment
from lab.network.aws import round_trip
from lab.network.link import Direction
from lab.network.regions import city
from lab.network.security_groups import DEFAULT
from lab.network.vpc import Network, PeeringState, SecurityGroup
from lab.plan.control import Control
from lab.plan.export import Export, export
from lab.plan.network import default_group
from lab.plan.values import LinkPlan, RegionPlan
from lab.runtime.state_file import StateFile

_LONGEST = 63  # of a name in a topology
_LASTING = (PeeringState.PENDING, PeeringState.ACTIVE)


def exported(states: Path, name: str) -> Export:
    """Return the files of an account's topology; raise InputError if there is no account, or no topology of it."""
    kept = load(account_folder(states, name))
    if kept is None:
        raise InputError.of(
            f"there is no account {name}", "serve the account first: mqlab serve --runtime none --account NAME"
        )
    return exported_account(kept, name)


def exported_lab(note: StateFile, states: Path) -> Export:
    """Return the files of a lab that requests have built, as it is now; its account has the name of its scenario."""
    kept = load(account_folder(states, note.scenario))
    if kept is None:
        raise InputError.of(
            f"the account {note.scenario} of lab {note.run} has no file", "serve the account: mqlab serve"
        )
    return exported_account(kept.with_state(control_of(note), kept.records), note.scenario)


def exported_account(kept: KeptAccount, name: str) -> Export:
    """Return the files of an account's topology, which is called `name`; raise InputError for what no topology can be.

    The tag `Name` names a VPC and each other part; a group without the tag has its group name.
    """
    notes: list[str] = []
    named = _named(_used(kept.control.network, notes), kept.records)
    network = replace(named, topology=name, linked=frozenset(each.vpcs for each in named.peerings))
    regions = tuple(
        RegionPlan(name=vpc.name, aws_region=vpc.aws_region, city=city(vpc.aws_region), vpc=vpc.cidrs[0])
        for vpc in network.vpcs
    )
    control = Control(account=kept.control.account, network=network)
    made = export(control, regions, tuple(_links(network)))
    return replace(made, notes=(*notes, *made.notes))


def _used(network: Network, notes: list[str]) -> Network:
    """Return the VPCs that have brokers, with their parts; a route that leads nowhere is refused."""
    used = {each.vpc for each in network.interfaces}
    problems = [
        Problem(
            what=f"{vpc.name} has {len(vpc.cidrs)} blocks",
            remedy="remove the other blocks: a VPC of a topology has only one",
        )
        for vpc in network.vpcs
        if vpc.name in used and len(vpc.cidrs) > 1
    ]
    peerings = {each.id: each for each in network.peerings if each.state in _LASTING and each.vpcs <= used}
    ended = {each.id: each.state for each in network.peerings if each.state not in _LASTING}
    tables, ruling = [], {each.route_table for each in network.subnets}
    for table in network.route_tables:
        if table.vpc not in used or (not table.main and table.name not in ruling):
            continue
        for route in table.routes:
            if route.peering in ended:
                what = f"the route {route.destination} of {table.name} leads to {route.peering}, which is "
                remedy = f"delete it: aws ec2 delete-route --route-table-id {table.name} "
                remedy += f"--destination-cidr-block {route.destination}"
                problems.append(Problem(what=what + ended[route.peering], remedy=remedy))
            elif route.peering not in peerings:
                notes.append(f"the route {route.destination} of {table.name} leads to a VPC without brokers")
        tables.append(replace(table, routes=tuple(each for each in table.routes if each.peering in peerings)))
    if problems:
        raise InputError(problems)
    groups = tuple(_of_ipv4(each, notes) for each in network.groups if each.vpc in used)
    return replace(
        network,
        vpcs=tuple(each for each in network.vpcs if each.name in used),
        subnets=tuple(each for each in network.subnets if each.vpc in used),
        route_tables=tuple(tables),
        peerings=tuple(peerings.values()),
        groups=groups,
    )


def _of_ipv4(group: SecurityGroup, notes: list[str]) -> SecurityGroup:
    left = [rule for rule in (*group.inbound, *group.outbound) if rule.ipv6]
    notes += (
        f"the topology leaves out the rule {rule} of {group.name}, because a topology has no IPv6" for rule in left
    )
    ways = [tuple(rule for rule in rules if not rule.ipv6) for rules in (group.inbound, group.outbound)]
    return replace(group, inbound=ways[0], outbound=ways[1])


def _named(network: Network, records: Records) -> Network:
    """Return the network with names in place of ids."""
    tags = {
        name: text
        for its in records.ec2.tags.values()
        for name, texts in its.items()
        if (text := _name(texts.get("Name", "")))
    }
    vpcs = _unique({each.name: tags.get(each.name, each.name) for each in network.vpcs})
    subnets = _unique({each.name: tags.get(each.name, each.name) for each in network.subnets})
    # The main table is called as its VPC, as in a topology that declares none; so no other table is.
    mains = {each.name: vpcs[each.vpc] for each in network.route_tables if each.main}
    others = {each.name: tags.get(each.name, each.name) for each in network.route_tables if not each.main}
    tables = _unique(mains | others)
    own = {each.name: default_group(vpcs[each.vpc]) for each in network.groups if each.group_name == DEFAULT}
    free = {
        each.name: tags.get(each.name) or _name(each.group_name) or each.name
        for each in network.groups
        if each.name not in own
    }
    groups = _unique(own | free)

    named = renamed(network, Names(vpcs=vpcs, subnets=subnets, tables=tables, groups=groups))
    peerings = _unique({each.id: tags.get(each.id) or f"{each.requester}-{each.accepter}" for each in named.peerings})
    return replace(named, peerings=tuple(replace(each, name=peerings[each.id]) for each in named.peerings))


def _links(network: Network) -> Iterator[LinkPlan]:
    """Yield a link for each two VPCs with a peering, with the delay between their regions."""
    for here, there in combinations(network.vpcs, 2):
        peering = next((each for each in network.peerings if each.vpcs == {here.name, there.name}), None)
        preset = round_trip(here.aws_region, there.aws_region)
        if peering is None or preset is None:
            continue
        impairment = Impairment(delay=preset.delay)
        ways = [
            Direction(leaving=each, reaching=peering.other(each), impairment=impairment)
            for each in (peering.requester, peering.accepter)
        ]
        yield LinkPlan(
            name=f"{ways[0].leaving}-{ways[0].reaching}", directions=(ways[0], ways[1]), source=preset.source
        )


def _name(text: str) -> str:
    """Return a text as a topology's names are written; "" if no letter or digit is in it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")[:_LONGEST].rstrip("._-")


def _unique(names: Mapping[str, str]) -> Mapping[str, str]:
    """Return names by id; a second part of one name has a number behind it."""
    made: dict[str, str] = {}
    for key, name in names.items():
        numbered = (f"{name[: _LONGEST - 5]}-{number}" for number in count(2))
        made[key] = name if name not in made.values() else next(each for each in numbered if each not in made.values())
    return made

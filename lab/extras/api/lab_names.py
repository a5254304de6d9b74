"""The ids of a declared lab's network, which has names alone: the same for one run and one name, on the wire only."""

from __future__ import annotations

import re
from dataclasses import replace

from lab.extras.api.renaming import Names, renamed
from lab.network.ids import derived_id
from lab.network.security_groups import DEFAULT
from lab.network.vpc import Network, Rule, SecurityGroup
from lab.plan.control import Control
from lab.plan.network import default_group

_ID = re.compile(r"[a-z]+-[0-9a-f]{17}")


class Wire:
    """The network of a lab as AWS would describe it, made anew only when the lab's records have changed."""

    def __init__(self) -> None:
        self._control: Control | None = None
        self._made: tuple[Names, Network, Network]

    def read(self, control: Control, run: str) -> tuple[Names, Network, Network]:
        """Return the ids, the network with the brokers for later, and the network without them."""
        if control is not self._control:
            names = names_of(control.network, run)
            whole = on_the_wire(control.network, names)
            present = replace(whole, interfaces=on_the_wire(control.present, names).interfaces)
            self._control, self._made = control, (names, whole, present)
        return self._made


def names_of(network: Network, run: str) -> Names:
    """Return the ids of a network's parts; a part that the API has made is called by its id already."""

    def ids(prefix: str, names: list[str]) -> dict[str, str]:
        return {each: each if _ID.fullmatch(each) else derived_id(prefix, run, each) for each in names}

    return Names(
        vpcs=ids("vpc", [each.name for each in network.vpcs])
        | {each.name: each.id for each in network.vpcs if each.id},
        subnets=ids("subnet", [each.name for each in network.subnets]),
        tables=ids("rtb", [each.name for each in network.route_tables]),
        groups=ids("sg", [each.name for each in network.groups]),
    )


def on_the_wire(network: Network, names: Names) -> Network:
    """Return a network as AWS would describe it: ids, main tables, associations, names of groups."""
    made = renamed(network, names)
    mains = {vpc.name: _main(made, vpc.name) for vpc in made.vpcs}
    defaults = {names.group(default_group(vpc)) for vpc in names.vpcs}
    back = names.inverse
    return replace(
        made,
        route_tables=tuple(
            replace(each, main=each.main or derived_id("rtbassoc", each.name)) if each.name == mains[each.vpc] else each
            for each in made.route_tables
        ),
        subnets=tuple(
            each
            if each.association or each.route_table == mains[each.vpc]
            else replace(each, association=derived_id("rtbassoc", each.name))
            for each in made.subnets
        ),
        groups=tuple(
            replace(
                each,
                group_name=each.group_name or (DEFAULT if each.name in defaults else back.group(each.name)),
                inbound=_numbered(each, each.inbound, "inbound"),
                outbound=_numbered(each, each.outbound, "outbound"),
            )
            for each in made.groups
        ),
    )


def _main(network: Network, vpc: str) -> str:
    """Return the table that rules the subnets without an association."""
    tables = [each for each in network.route_tables if each.vpc == vpc]
    used = {each.route_table for each in network.subnets}
    marked = [each.name for each in tables if each.main]
    return next(iter([*marked, *(each.name for each in tables if each.name not in used), tables[0].name]))


def _numbered(group: SecurityGroup, rules: tuple[Rule, ...], way: str) -> tuple[Rule, ...]:
    return tuple(each if each.id else replace(each, id=derived_id("sgr", group.name, way, each)) for each in rules)

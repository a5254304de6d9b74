"""A network with other names for its parts: ids in place of names, or names in place of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab.base.dataclass import dataclass
from lab.network.vpc import Network, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The other names of a network's parts, by their names; a part that is not there keeps its name."""

    vpcs: Mapping[str, str]
    subnets: Mapping[str, str]
    tables: Mapping[str, str]
    groups: Mapping[str, str]

    @property
    def inverse(self) -> Names:
        """Return the reverse mapping: from the other name of each part to its name."""
        return Names(
            vpcs={new: old for old, new in self.vpcs.items()},
            subnets={new: old for old, new in self.subnets.items()},
            tables={new: old for old, new in self.tables.items()},
            groups={new: old for old, new in self.groups.items()},
        )

    def group(self, name: str) -> str:
        """Return the other name of a group."""
        return self.groups.get(name, name)


def renamed(network: Network, names: Names) -> Network:
    """Return a network with the other names of its parts; peerings keep their ids and names."""

    def vpc(name: str) -> str:
        return names.vpcs.get(name, name)

    def table(name: str) -> str:
        return names.tables.get(name, name)

    def rules(own: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(replace(each, group=names.group(each.group)) for each in own)

    return replace(
        network,
        vpcs=tuple(replace(each, name=vpc(each.name)) for each in network.vpcs),
        subnets=tuple(
            replace(
                each,
                name=names.subnets.get(each.name, each.name),
                vpc=vpc(each.vpc),
                route_table=table(each.route_table),
            )
            for each in network.subnets
        ),
        route_tables=tuple(replace(each, name=table(each.name), vpc=vpc(each.vpc)) for each in network.route_tables),
        peerings=tuple(
            replace(each, requester=vpc(each.requester), accepter=vpc(each.accepter)) for each in network.peerings
        ),
        groups=tuple(
            replace(
                each,
                name=names.group(each.name),
                vpc=vpc(each.vpc),
                inbound=rules(each.inbound),
                outbound=rules(each.outbound),
            )
            for each in network.groups
        ),
        interfaces=tuple(
            replace(each, vpc=vpc(each.vpc), groups=tuple(map(names.group, each.groups))) for each in network.interfaces
        ),
        linked=frozenset(frozenset(map(vpc, pair)) for pair in network.linked),
    )

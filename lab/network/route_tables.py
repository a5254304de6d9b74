"""Route tables and their associations with subnets, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from dataclasses import replace

from lab.network.quotas import ROUTE_TABLES_PER_VPC
from lab.network.refusals import refused
from lab.network.vpc import Network, RouteTable, Subnet


def main_table(network: Network, vpc: str) -> RouteTable:
    """Return the route table of a VPC's subnets that no other table names."""
    return next(each for each in network.route_tables if each.vpc == vpc and each.main)


def create(network: Network, *, name: str, vpc: str) -> Network:
    """Return the Network with an empty route table added; `name` is its id."""
    around = network.vpc(vpc).name
    if sum(each.vpc == around for each in network.route_tables) >= ROUTE_TABLES_PER_VPC:
        raise refused(
            "RouteTableLimitExceeded",
            "The maximum number of route tables has been reached.",
            f"delete one of the {ROUTE_TABLES_PER_VPC} route tables of {vpc}",
        )
    return replace(network, route_tables=(*network.route_tables, RouteTable(name=name, vpc=around)))


def delete(network: Network, name: str) -> Network:
    """Return the Network without a route table; a main table, or a subnet's, is refused."""
    table = network.route_table(name)
    subnets = [each.name for each in network.subnets if each.association and each.route_table == table.name]
    if table.main or subnets:
        remedy = "delete its VPC" if table.main else f"disassociate it from {', '.join(subnets)}"
        raise refused("DependencyViolation", f"The routeTable '{name}' has dependencies and cannot be deleted.", remedy)
    return replace(network, route_tables=tuple(each for each in network.route_tables if each != table))


def associate(network: Network, *, association: str, table: str, subnet: str) -> Network:
    """Return the Network with a subnet that uses a route table instead of the main one."""
    joined, member = _same_vpc(network, network.route_table(table), network.subnet(subnet)), network.subnet(subnet)
    if member.association:
        raise refused(
            "Resource.AlreadyAssociated",
            f"the specified association for route table {table} conflicts with an existing association",
            f"disassociate {member.association} first, or replace it",
        )
    return network.with_subnet(replace(member, route_table=joined.name, association=association))


def disassociate(network: Network, association: str) -> Network:
    """Return the Network with a subnet back at the main route table."""
    member = _member(network, association)
    if isinstance(member, RouteTable):
        raise refused(
            "InvalidParameterValue",
            f"cannot disassociate the main route table association {association}",
            "replace the main route table with another one",
        )
    main = main_table(network, member.vpc)
    return network.with_subnet(replace(member, route_table=main.name, association=""))


def replace_association(network: Network, association: str, *, new: str, table: str) -> Network:
    """Return the Network with another route table in an association, which gets a new id; also the main table's."""
    member = _member(network, association)
    other = _same_vpc(network, network.route_table(table), member)
    if isinstance(member, Subnet):
        return network.with_subnet(replace(member, route_table=other.name, association=new))
    following = tuple(
        replace(each, route_table=other.name) if each.vpc == member.vpc and not each.association else each
        for each in network.subnets
    )
    network = replace(network, subnets=following).with_route_table(replace(member, main=""))
    return network.with_route_table(replace(network.route_table(table), main=new))


def _same_vpc(network: Network, table: RouteTable, member: Subnet | RouteTable) -> RouteTable:
    if table.vpc != member.vpc:
        raise refused(
            "InvalidParameterValue",
            f"Route table {table.name} and network {member.name} belong to different networks",
            f"name a route table of {network.vpc(member.vpc).name}",
        )
    return table


def _member(network: Network, association: str) -> Subnet | RouteTable:
    """Return the subnet of an association, or the main table whose association it is."""
    for subnet in network.subnets:
        if association and subnet.association == association:
            return subnet
    for table in network.route_tables:
        if association and table.main == association:
            return table
    raise refused("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")

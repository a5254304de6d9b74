"""The parts of a region by their ids: a part of another region is not found, as on AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from lab.extras.api.call import Call
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.vpc import Peering, RouteTable, SecurityGroup, Subnet, Vpc

T = TypeVar("T", Vpc, Subnet, RouteTable, SecurityGroup)


def vpcs_in(account: ServedAccount, call: Call) -> tuple[Vpc, ...]:
    """Return the VPCs of the call's region."""
    return tuple(each for each in account.control.network.vpcs if each.aws_region == call.region)


def vpc_in(account: ServedAccount, call: Call, vpc: str) -> Vpc:
    """Return a VPC of the call's region."""
    return _named(vpcs_in(account, call), vpc, "InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")


def subnets_in(account: ServedAccount, call: Call) -> tuple[Subnet, ...]:
    """Return the subnets of the call's region."""
    here = _vpc_ids(account, call)
    return tuple(each for each in account.control.network.subnets if each.vpc in here)


def subnet_in(account: ServedAccount, call: Call, subnet: str) -> Subnet:
    """Return a subnet of the call's region."""
    return _named(
        subnets_in(account, call), subnet, "InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist"
    )


def tables_in(account: ServedAccount, call: Call) -> tuple[RouteTable, ...]:
    """Return the route tables of the call's region."""
    here = _vpc_ids(account, call)
    return tuple(each for each in account.control.network.route_tables if each.vpc in here)


def table_in(account: ServedAccount, call: Call, table: str) -> RouteTable:
    """Return a route table of the call's region."""
    return _named(
        tables_in(account, call), table, "InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist"
    )


def groups_in(account: ServedAccount, call: Call) -> tuple[SecurityGroup, ...]:
    """Return the security groups of the call's region."""
    here = _vpc_ids(account, call)
    return tuple(each for each in account.control.network.groups if each.vpc in here)


def group_in(account: ServedAccount, call: Call, group: str) -> SecurityGroup:
    """Return a security group of the call's region."""
    return _named(
        groups_in(account, call), group, "InvalidGroup.NotFound", f"The security group '{group}' does not exist"
    )


def peerings_in(account: ServedAccount, call: Call) -> tuple[Peering, ...]:
    """Return the peerings with an end in the call's region; the VPC of an ended peering may be gone."""
    peerings = account.control.network.peerings
    return tuple(each for each in peerings if any(region_of(account, end) == call.region for end in each.vpcs))


def peering_in(account: ServedAccount, call: Call, peering: str) -> Peering:
    """Return a peering with an end in the call's region."""
    for each in peerings_in(account, call):
        if each.id == peering:
            return each
    raise ApiRefused(
        "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID '{peering}' does not exist"
    )


def region_of(account: ServedAccount, vpc: str) -> str:
    """Return the region of a VPC, also of one that was deleted."""
    deleted = account.records.ec2.deleted_vpcs
    return deleted[vpc].region if vpc in deleted else account.control.network.vpc(vpc).aws_region


def _vpc_ids(account: ServedAccount, call: Call) -> set[str]:
    return {each.name for each in vpcs_in(account, call)}


def _named(parts: Sequence[T], name: str, code: str, text: str) -> T:
    """Return the part of that id; raise ApiRefused with the code and the text if there is none."""
    for part in parts:
        if part.name == name:
            return part
    raise ApiRefused(code, text)

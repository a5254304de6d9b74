"""The creation and deletion of a VPC, as functions Network → Network; each raises AWS's refusal.

A VPC comes with a main route table and the group `default`; both go with it. An ended peering stays, as in AWS.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from lab.network.addresses import check_vpc
from lab.network.ids import derived_id
from lab.network.quotas import VPCS_PER_REGION
from lab.network.refusals import refused
from lab.network.security_groups import DEFAULT, with_ids
from lab.network.vpc import Network, Protocol, RouteTable, Rule, SecurityGroup, Vpc


def create(network: Network, *, name: str, aws_region: str, cidr: IPv4Network) -> Network:
    """Return the Network with a VPC added; `name` is its id."""
    if (problem := check_vpc(cidr)) is not None:
        raise refused("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.", problem)
    if sum(each.aws_region == aws_region for each in network.vpcs) >= VPCS_PER_REGION:
        raise refused(
            "VpcLimitExceeded",
            "The maximum number of VPCs has been reached.",
            f"delete one of the {VPCS_PER_REGION} VPCs of {aws_region}",
        )
    table, group = derived_id("rtb", name, "main"), derived_id("sg", name, DEFAULT)
    own = Rule(protocol=Protocol.ALL, ports=(0, 65535), group=group)
    return replace(
        network,
        vpcs=(*network.vpcs, Vpc(name=name, aws_region=aws_region, cidrs=(cidr,))),
        route_tables=(
            *network.route_tables,
            RouteTable(name=table, vpc=name, main=derived_id("rtbassoc", name, "main")),
        ),
        groups=(
            *network.groups,
            with_ids(SecurityGroup(name=group, vpc=name, group_name=DEFAULT, inbound=(own,))),
        ),
    )


def delete(network: Network, name: str) -> Network:
    """Return the Network without a VPC, its main route table and its default group."""
    vpc = network.vpc(name)
    dependents = [
        *(each.name for each in network.subnets if each.vpc == vpc.name),
        *(each.name for each in network.route_tables if each.vpc == vpc.name and not each.main),
        *(each.name for each in network.groups if each.vpc == vpc.name and each.group_name != DEFAULT),
        *(each.id for each in network.peerings if each.alive and vpc.name in each.vpcs),
    ]
    if dependents:
        raise refused(
            "DependencyViolation",
            f"The vpc '{name}' has dependencies and cannot be deleted.",
            f"delete first: {', '.join(dependents)}",
        )
    return replace(
        network,
        vpcs=tuple(each for each in network.vpcs if each != vpc),
        route_tables=tuple(each for each in network.route_tables if each.vpc != vpc.name),
        groups=tuple(each for each in network.groups if each.vpc != vpc.name),
    )

"""The creation and deletion of a subnet, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from lab.network.addresses import LONGEST_PREFIX, SHORTEST_PREFIX
from lab.network.quotas import SUBNETS_PER_VPC
from lab.network.refusals import refused
from lab.network.route_tables import main_table
from lab.network.vpc import Network, Subnet


def create(network: Network, *, name: str, vpc: str, cidr: IPv4Network) -> Network:
    """Return the Network with a subnet added, which follows the VPC's main route table; `name` is its id."""
    around = network.vpc(vpc)
    if not any(cidr.subnet_of(block) for block in around.cidrs):
        blocks = ", ".join(map(str, around.cidrs))
        raise refused("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.", f"write a part of {blocks}")
    if not SHORTEST_PREFIX <= cidr.prefixlen <= LONGEST_PREFIX:
        remedy = f"write /{SHORTEST_PREFIX} to /{LONGEST_PREFIX}"
        raise refused("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.", remedy)
    siblings = [each for each in network.subnets if each.vpc == around.name]
    for other in siblings:
        if other.cidr.overlaps(cidr):
            raise refused(
                "InvalidSubnet.Conflict",
                f"The CIDR '{cidr}' conflicts with another subnet",
                f"write a block beside that of {other.name}, {other.cidr}",
            )
    if len(siblings) >= SUBNETS_PER_VPC:
        raise refused(
            "SubnetLimitExceeded",
            "The maximum number of subnets has been reached.",
            f"delete one of the {SUBNETS_PER_VPC} subnets of {vpc}",
        )
    made = Subnet(name=name, vpc=around.name, cidr=cidr, route_table=main_table(network, around.name).name)
    return replace(network, subnets=(*network.subnets, made))


def delete(network: Network, name: str) -> Network:
    """Return the Network without a subnet; its association with a route table ends."""
    subnet = network.subnet(name)
    inside = [each for each in network.interfaces if each.vpc == subnet.vpc and each.address in subnet.cidr]
    if inside:
        raise refused(
            "DependencyViolation",
            f"The subnet '{name}' has dependencies and cannot be deleted.",
            f"delete first: {', '.join(sorted({each.owner for each in inside}))}",
        )
    return replace(network, subnets=tuple(each for each in network.subnets if each != subnet))

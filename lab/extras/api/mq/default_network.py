"""The default VPC of a region, for brokers that name no subnet or no group."""

from __future__ import annotations

from lab.extras.api.call import Call
from lab.extras.api.ec2 import default_vpc
from lab.extras.api.mq.lookup import bad_request
from lab.extras.api.served_account import ServedAccount


def default_subnets(account: ServedAccount, call: Call, number: int) -> tuple[str, ...]:
    """Return so many subnets of the region's default VPC, in different zones."""
    subnets = default_vpc.default_subnets(account, call.region)
    if len(subnets) < number:
        raise bad_request("Default VPC not found. Name subnets of another VPC.", "subnetIds")
    return tuple(subnet.name for subnet in subnets[:number])


def default_group(account: ServedAccount, subnets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the default group of the VPC of subnets."""
    network = account.control.network
    return (default_vpc.default_group(network, network.subnet(subnets[0]).vpc),)


def check_default(account: ServedAccount, call: Call, subnets: list[str], groups: list[str]) -> None:
    """Refuse subnets without groups, or groups without subnets, of another VPC than the default one."""
    if bool(subnets) == bool(groups):
        return
    network, default = account.control.network, default_vpc.default_vpc(account, call.region)
    name = "" if default is None else default.name
    vpcs = {subnet.vpc for subnet in network.subnets if subnet.name in subnets}
    vpcs |= {group.vpc for group in network.groups if group.name in groups}
    if vpcs - {name}:
        raise bad_request(
            "Subnets and security groups must belong to the default VPC when only one is provided.",
            "subnetIds" if subnets else "securityGroups",
        )

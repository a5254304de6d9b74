"""VPCs and their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import DeletedVpc, Ec2Records, VpcFacts, added, removed
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, block, change, new_id, required, takes
from lab.extras.api.ec2.lookups import vpc_in, vpcs_in
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import vpcs
from lab.network.ids import derived_id
from lab.network.refusals import refused
from lab.network.vpc import Network, Vpc

_ATTRIBUTES = {
    "enableDnsSupport": ("EnableDnsSupport", "dns_support"),
    "enableDnsHostnames": ("EnableDnsHostnames", "dns_hostnames"),
    "enableNetworkAddressUsageMetrics": ("EnableNetworkAddressUsageMetrics", "usage_metrics"),
}
_TENANCIES = ("default", "dedicated")
_FILTERS = {
    "cidr": "CidrBlock",
    "cidr-block": "CidrBlock",
    "cidrBlock": "CidrBlock",
    "cidr-block-association.association-id": "CidrBlockAssociationSet.AssociationId",
    "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
    "cidr-block-association.state": "CidrBlockAssociationSet.CidrBlockState.State",
    "dhcp-options-id": "DhcpOptionsId",
    "ipv6-cidr-block-association.association-id": ABSENT,
    "ipv6-cidr-block-association.ipv6-cidr-block": ABSENT,
    "ipv6-cidr-block-association.ipv6-pool": ABSENT,
    "ipv6-cidr-block-association.state": ABSENT,
    "is-default": "IsDefault",
    "isDefault": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
    "vpc-id": "VpcId",
}


@takes("CidrBlock", "InstanceTenancy", "TagSpecifications")
def create_vpc(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Create a VPC with a main route table, a default group and a default ACL."""
    cidr, tags = block(required(request, "CidrBlock"), "cidrBlock"), requested_tags(request, "vpc")
    tenancy = request.get("InstanceTenancy") or "default"
    if tenancy not in _TENANCIES:
        raise ApiRefused("InvalidParameterValue", f"Value ({tenancy}) for parameter instanceTenancy is invalid.")
    name = new_id("vpc")

    def made(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        network = vpcs.create(network, name=name, aws_region=call.region, cidr=cidr)
        ec2 = replace(ec2, vpcs=added(ec2.vpcs, name, VpcFacts(tenancy=tenancy)))
        return network, tagged(ec2, call.region, name, tags)

    change(account, made)
    return {"Vpc": _answer(account, call, account.control.network.vpc(name))}


@takes("Filters", "VpcIds")
def describe_vpcs(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the VPCs of a region."""
    rows = [_answer(account, call, each) for each in vpcs_in(account, call)]
    listed = chosen(rows, request.get("VpcIds"), "VpcId", "InvalidVpcID.NotFound", "vpc")
    return {"Vpcs": fitting(listed, request, _FILTERS)}


@takes("VpcId")
def delete_vpc(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a VPC, its main route table, its default group and its default ACL."""
    vpc = vpc_in(account, call, required(request, "VpcId"))

    def gone(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        after = vpcs.delete(network, vpc.name)
        attached = [name for name, each in ec2.gateways.items() if each.vpc == vpc.name]
        if attached:
            raise refused(
                "DependencyViolation",
                f"The vpc '{vpc.name}' has dependencies and cannot be deleted.",
                f"detach first: {', '.join(attached)}",
            )
        tables = [each.name for each in network.route_tables if each.vpc == vpc.name]
        groups = [each for each in network.groups if each.vpc == vpc.name]
        rules = [rule.id for each in groups for rule in (*each.inbound, *each.outbound)]
        parts = (vpc.name, derived_id("acl", vpc.name), *tables, *(each.name for each in groups), *rules)
        ended = DeletedVpc(region=call.region, cidr=str(vpc.cidrs[0]))
        return after, replace(
            untagged(ec2, call.region, parts),
            vpcs=removed(ec2.vpcs, vpc.name),
            gateway_routes=removed(ec2.gateway_routes, *tables),
            descriptions=removed(ec2.descriptions, *parts),
            deleted_vpcs=added(ec2.deleted_vpcs, vpc.name, ended),
        )

    change(account, gone)
    return {}


@takes("Attribute", "VpcId")
def describe_vpc_attribute(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe an attribute of a VPC."""
    attribute = required(request, "Attribute")
    if attribute not in _ATTRIBUTES:
        raise ApiRefused(
            "InvalidParameterValue",
            f"Value ({attribute}) for parameter attribute is invalid. Write one of {', '.join(_ATTRIBUTES)}.",
        )
    vpc = vpc_in(account, call, required(request, "VpcId"))
    member, name = _ATTRIBUTES[attribute]
    return {"VpcId": vpc.name, member: {"Value": getattr(_facts(account, vpc), name)}}


@takes("VpcId", *(member for member, _ in _ATTRIBUTES.values()))
def modify_vpc_attribute(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Set an attribute of a VPC; a request sets one attribute, as on AWS."""
    vpc = vpc_in(account, call, required(request, "VpcId"))
    asked: dict[str, Any] = {
        name: request[member].get("Value") for member, name in _ATTRIBUTES.values() if request.get(member)
    }
    if len(asked) != 1:
        problem = "Fields for multiple attribute types specified" if asked else "No attribute specified"
        raise ApiRefused("InvalidParameterCombination", f"{problem}: write one attribute in a request.")
    after = replace(_facts(account, vpc), **asked)
    if after.dns_hostnames and not after.dns_support:
        raise ApiRefused(
            "InvalidParameterCombination", "DNS hostnames need DNS support: set enableDnsSupport to true first."
        )
    change(account, lambda network, ec2: (network, replace(ec2, vpcs=added(ec2.vpcs, vpc.name, after))))
    return {}


def _facts(account: ServedAccount, vpc: Vpc) -> VpcFacts:
    return account.records.ec2.vpcs.get(vpc.name, VpcFacts())


def _answer(account: ServedAccount, call: Call, vpc: Vpc) -> Answer:
    facts = _facts(account, vpc)
    return {
        "VpcId": vpc.name,
        "CidrBlock": str(vpc.cidrs[0]),
        "State": "available",
        "OwnerId": call.account_id,
        "DhcpOptionsId": derived_id("dopt", call.region),
        "InstanceTenancy": facts.tenancy,
        "IsDefault": facts.default,
        "CidrBlockAssociationSet": [
            {
                "AssociationId": derived_id("vpc-cidr-assoc", vpc.name, cidr),
                "CidrBlock": str(cidr),
                "CidrBlockState": {"State": "associated"},
            }
            for cidr in vpc.cidrs
        ],
        "Ipv6CidrBlockAssociationSet": [],
        "Tags": tags_of(account.records.ec2, call.region, vpc.name),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateVpc": create_vpc,
    "DescribeVpcs": describe_vpcs,
    "DeleteVpc": delete_vpc,
    "DescribeVpcAttribute": describe_vpc_attribute,
    "ModifyVpcAttribute": modify_vpc_attribute,
}

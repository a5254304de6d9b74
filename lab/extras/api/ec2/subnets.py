"""Subnets and their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, SubnetFacts, added, removed
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, block, change, new_id, required, takes
from lab.extras.api.ec2.lookups import subnet_in, subnets_in, vpc_in
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import subnets
from lab.network.vpc import Network, Subnet
from lab.network.zones import is_zone, zone_id, zone_of_id, zones

_RESERVED = 5  # addresses of each subnet that AWS keeps
_FILTERS = {
    "availability-zone": "AvailabilityZone",
    "availabilityZone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "availabilityZoneId": "AvailabilityZoneId",
    "available-ip-address-count": "AvailableIpAddressCount",
    "cidr": "CidrBlock",
    "cidr-block": "CidrBlock",
    "cidrBlock": "CidrBlock",
    "customer-owned-ipv4-pool": ABSENT,
    "default-for-az": "DefaultForAz",
    "defaultForAz": "DefaultForAz",
    "enable-dns64": "EnableDns64",
    "enable-lni-at-device-index": ABSENT,
    "ipv6-cidr-block-association.association-id": ABSENT,
    "ipv6-cidr-block-association.ipv6-cidr-block": ABSENT,
    "ipv6-cidr-block-association.state": ABSENT,
    "ipv6-native": "Ipv6Native",
    "map-customer-owned-ip-on-launch": "MapCustomerOwnedIpOnLaunch",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "outpost-arn": ABSENT,
    "owner-id": "OwnerId",
    "private-dns-name-options-on-launch.hostname-type": "PrivateDnsNameOptionsOnLaunch.HostnameType",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": (
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord"
    ),
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": (
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord"
    ),
    "state": "State",
    "subnet-arn": "SubnetArn",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


@takes("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "TagSpecifications", "VpcId")
def create_subnet(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Create a subnet, which follows the VPC's main route table."""
    vpc = vpc_in(account, call, required(request, "VpcId"))
    cidr, tags = block(required(request, "CidrBlock"), "cidrBlock"), requested_tags(request, "subnet")
    zone, name = _zone(call, request), new_id("subnet")

    def made(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        network = subnets.create(network, name=name, vpc=vpc.name, cidr=cidr)
        ec2 = replace(ec2, subnets=added(ec2.subnets, name, SubnetFacts(zone=zone)))
        return network, tagged(ec2, call.region, name, tags)

    change(account, made)
    return {"Subnet": _answer(account, call, account.control.network.subnet(name))}


@takes("Filters", "SubnetIds")
def describe_subnets(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the subnets of a region."""
    rows = [_answer(account, call, each) for each in subnets_in(account, call)]
    listed = chosen(rows, request.get("SubnetIds"), "SubnetId", "InvalidSubnetID.NotFound", "subnet")
    return {"Subnets": fitting(listed, request, _FILTERS)}


@takes("MapPublicIpOnLaunch", "SubnetId")
def modify_subnet_attribute(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Set whether instances of a subnet get a public address; other attributes are not served."""
    subnet = subnet_in(account, call, required(request, "SubnetId"))
    public = request.get("MapPublicIpOnLaunch")
    if public is not None:
        after = replace(_facts(account, call, subnet), public=bool(public.get("Value")))
        change(account, lambda network, ec2: (network, replace(ec2, subnets=added(ec2.subnets, subnet.name, after))))
    return {}


@takes("SubnetId")
def delete_subnet(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a subnet that no network interface is in."""
    subnet = subnet_in(account, call, required(request, "SubnetId"))

    def gone(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        after = subnets.delete(network, subnet.name)
        ec2 = replace(ec2, subnets=removed(ec2.subnets, subnet.name))
        return after, untagged(ec2, call.region, [subnet.name])

    change(account, gone)
    return {}


def zone_of(account: ServedAccount, call: Call, subnet: Subnet) -> str:
    """Return the zone of a subnet."""
    return _facts(account, call, subnet).zone


def _zone(call: Call, request: Request) -> str:
    """Return the zone that a request asks for, by name or id; without one, the region's first."""
    name, identifier = request.get("AvailabilityZone") or "", request.get("AvailabilityZoneId") or ""
    zone = name or (zone_of_id(identifier, call.region) if identifier else zones(call.region)[0])
    if not is_zone(zone, call.region):
        raise ApiRefused(
            "InvalidParameterValue",
            f"Value ({name or identifier}) for parameter availabilityZone is invalid. Subnets can currently only be "
            f"created in the following availability zones: {', '.join(zones(call.region))}.",
        )
    return zone


def _facts(account: ServedAccount, call: Call, subnet: Subnet) -> SubnetFacts:
    return account.records.ec2.subnets.get(subnet.name, SubnetFacts(zone=zones(call.region)[0]))


def _answer(account: ServedAccount, call: Call, subnet: Subnet) -> Answer:
    facts, network = _facts(account, call, subnet), account.control.network
    taken = sum(each.vpc == subnet.vpc and each.address in subnet.cidr for each in network.interfaces)
    return {
        "SubnetId": subnet.name,
        "SubnetArn": f"arn:aws:ec2:{call.region}:{call.account_id}:subnet/{subnet.name}",
        "VpcId": subnet.vpc,
        "CidrBlock": str(subnet.cidr),
        "State": "available",
        "OwnerId": call.account_id,
        "AvailabilityZone": facts.zone,
        "AvailabilityZoneId": zone_id(facts.zone),
        "AvailableIpAddressCount": subnet.cidr.num_addresses - _RESERVED - taken,
        "DefaultForAz": facts.default,
        "MapPublicIpOnLaunch": facts.public,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "EnableDns64": False,
        "Ipv6Native": False,
        "Ipv6CidrBlockAssociationSet": [],
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "Tags": tags_of(account.records.ec2, call.region, subnet.name),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateSubnet": create_subnet,
    "DescribeSubnets": describe_subnets,
    "ModifySubnetAttribute": modify_subnet_attribute,
    "DeleteSubnet": delete_subnet,
}

"""The network interfaces of brokers, which are only described."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api.call import Call
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, takes
from lab.extras.api.ec2.lookups import vpcs_in
from lab.extras.api.ec2.subnets import zone_of
from lab.extras.api.handler import Handler
from lab.extras.api.served_account import ServedAccount
from lab.network.ids import derived_id
from lab.network.vpc import Interface
from lab.network.zones import zone_id

_FILTERS = {
    **dict.fromkeys(
        (
            "addresses.association.owner-id",
            "addresses.association.public-ip",
            "association.allocation-id",
            "association.association-id",
            "association.ip-owner-id",
            "association.public-dns-name",
            "association.public-ip",
            "attachment.attach-time",
            "attachment.attachment-id",
            "attachment.delete-on-termination",
            "attachment.device-index",
            "attachment.instance-id",
            "attachment.instance-owner-id",
            "attachment.status",
            "ipv6-addresses.ipv6-address",
            "mac-address",
            "operator.managed",
            "operator.principal",
            "private-dns-name",
        ),
        ABSENT,
    ),
    "addresses.primary": "PrivateIpAddresses.Primary",
    "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "group-name": "Groups.GroupName",
    "interface-type": "InterfaceType",
    "network-interface-id": "NetworkInterfaceId",
    "owner-id": "OwnerId",
    "private-ip-address": "PrivateIpAddress",
    "requester-id": "RequesterId",
    "requester-managed": "RequesterManaged",
    "source-dest-check": "SourceDestCheck",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


@takes("Filters", "IncludeManagedResources", "NetworkInterfaceIds")
def describe_network_interfaces(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the interfaces of the brokers in a region."""
    here = {each.name for each in vpcs_in(account, call)}
    interfaces = (each for each in account.control.network.interfaces if each.vpc in here and each.broker)
    ids, code = request.get("NetworkInterfaceIds"), "InvalidNetworkInterfaceID.NotFound"
    rows = [_answer(account, call, each) for each in interfaces]
    return {
        "NetworkInterfaces": fitting(
            chosen(rows, ids, "NetworkInterfaceId", code, "networkInterface"), request, _FILTERS
        )
    }


def _answer(account: ServedAccount, call: Call, interface: Interface) -> Answer:
    network = account.control.network
    subnet = network.subnet_of(interface)
    zone, address = zone_of(account, call, subnet), str(interface.address)
    groups = [network.group(each) for each in interface.groups]
    return {
        "NetworkInterfaceId": derived_id("eni", interface.vpc, interface.name),
        "InterfaceType": "interface",
        "Status": "in-use",
        "Description": f"Amazon MQ network interface for broker {interface.broker}",
        "OwnerId": call.account_id,
        "RequesterId": "amazon-mq",
        "RequesterManaged": True,
        "SourceDestCheck": True,
        "VpcId": interface.vpc,
        "SubnetId": subnet.name,
        "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_id(zone),
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
        "Groups": [{"GroupId": each.name, "GroupName": each.group_name or each.name} for each in groups],
        "TagSet": [],
    }


OPERATIONS: Mapping[str, Handler] = {"DescribeNetworkInterfaces": describe_network_interfaces}

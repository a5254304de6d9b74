"""Internet gateways: records alone, since a broker's `publiclyAccessible` decides whether clients reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, GatewayFacts, added, removed
from lab.extras.api.ec2.filters import chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, change, new_id, required, takes
from lab.extras.api.ec2.lookups import vpc_in
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.quotas import INTERNET_GATEWAYS_PER_REGION
from lab.network.vpc import Network

_FILTERS = {
    "attachment.state": "Attachments.State",
    "attachment.vpc-id": "Attachments.VpcId",
    "internet-gateway-id": "InternetGatewayId",
    "owner-id": "OwnerId",
}


@takes("TagSpecifications")
def create_internet_gateway(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Create a gateway that is attached to no VPC."""
    tags, name = requested_tags(request, "internet-gateway"), new_id("igw")
    gateways = [each for each in account.records.ec2.gateways.values() if each.region == call.region]
    if len(gateways) >= INTERNET_GATEWAYS_PER_REGION:
        raise ApiRefused(
            "InternetGatewayLimitExceeded",
            f"The maximum number of internet gateways has been reached: delete one of the {len(gateways)}.",
        )

    def made(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        ec2 = replace(ec2, gateways=added(ec2.gateways, name, GatewayFacts(region=call.region)))
        return network, tagged(ec2, call.region, name, tags)

    change(account, made)
    return {"InternetGateway": _answer(account, call, name)}


@takes("Filters", "InternetGatewayIds")
def describe_internet_gateways(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the gateways of a region."""
    gateways = account.records.ec2.gateways
    rows = [_answer(account, call, name) for name, each in gateways.items() if each.region == call.region]
    ids, code = request.get("InternetGatewayIds"), "InvalidInternetGatewayID.NotFound"
    listed = chosen(rows, ids, "InternetGatewayId", code, "internetGateway")
    return {"InternetGateways": fitting(listed, request, _FILTERS)}


@takes("InternetGatewayId", "VpcId")
def attach_internet_gateway(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Attach a gateway to a VPC that has none."""
    name, gateway = _gateway(account, call, request)
    vpc = vpc_in(account, call, required(request, "VpcId")).name
    if gateway.vpc:
        raise ApiRefused("Resource.AlreadyAssociated", f"resource {name} is already attached to network {gateway.vpc}")
    if any(each.vpc == vpc for each in account.records.ec2.gateways.values()):
        raise ApiRefused("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")
    _set(account, name, replace(gateway, vpc=vpc))
    return {}


@takes("InternetGatewayId", "VpcId")
def detach_internet_gateway(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Detach a gateway from its VPC, in which no broker is public."""
    name, gateway = _gateway(account, call, request)
    vpc = vpc_in(account, call, required(request, "VpcId")).name
    if gateway.vpc != vpc:
        raise ApiRefused("Gateway.NotAttached", f"resource {name} is not attached to network {vpc}")
    public = [each.owner for each in account.control.network.interfaces if each.vpc == vpc and each.public]
    if public:
        raise ApiRefused(
            "DependencyViolation",
            f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching "
            f"the gateway. Delete first: {', '.join(dict.fromkeys(public))}.",
        )
    _set(account, name, replace(gateway, vpc=""))
    return {}


@takes("InternetGatewayId")
def delete_internet_gateway(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a gateway that is attached to no VPC; routes to it stay, as blackholes."""
    name, gateway = _gateway(account, call, request)
    if gateway.vpc:
        raise ApiRefused(
            "DependencyViolation",
            f"The internetGateway '{name}' has dependencies and cannot be deleted. Detach it from {gateway.vpc} first.",
        )

    def gone(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        return network, untagged(replace(ec2, gateways=removed(ec2.gateways, name)), call.region, [name])

    change(account, gone)
    return {}


def _gateway(account: ServedAccount, call: Call, request: Request) -> tuple[str, GatewayFacts]:
    name = required(request, "InternetGatewayId")
    gateway = account.records.ec2.gateways.get(name)
    if gateway is None or gateway.region != call.region:
        raise ApiRefused("InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{name}' does not exist")
    return name, gateway


def _set(account: ServedAccount, name: str, gateway: GatewayFacts) -> None:
    change(account, lambda network, ec2: (network, replace(ec2, gateways=added(ec2.gateways, name, gateway))))


def _answer(account: ServedAccount, call: Call, name: str) -> Answer:
    gateway = account.records.ec2.gateways[name]
    return {
        "InternetGatewayId": name,
        "OwnerId": call.account_id,
        "Attachments": [{"State": "available", "VpcId": gateway.vpc}] if gateway.vpc else [],
        "Tags": tags_of(account.records.ec2, call.region, name),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateInternetGateway": create_internet_gateway,
    "DescribeInternetGateways": describe_internet_gateways,
    "AttachInternetGateway": attach_internet_gateway,
    "DetachInternetGateway": detach_internet_gateway,
    "DeleteInternetGateway": delete_internet_gateway,
}

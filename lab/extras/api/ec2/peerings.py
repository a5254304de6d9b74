"""Peerings of VPCs: each end has its own tags and options, and the accepter's region alone accepts or rejects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.declare.steps.network import AcceptPeering, CreatePeering, DeletePeering, RejectPeering
from lab.extras.api.call import ACCOUNT_ID, Call
from lab.extras.api.ec2.ec2_records import Ec2Records, added
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, change, required, takes
from lab.extras.api.ec2.lookups import peering_in, peerings_in, region_of, vpc_in
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.regions import REGIONS
from lab.network.vpc import Network, Peering, PeeringState

_KIND = "vpc-peering-connection"
_DNS = "AllowDnsResolutionFromRemoteVpc"
_CLASSIC = ("AllowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalVpcToRemoteClassicLink")
_OPTIONS = {"RequesterPeeringConnectionOptions": "requester", "AccepterPeeringConnectionOptions": "accepter"}
_MESSAGES = {
    PeeringState.INITIATING: f"Initiating Request to {ACCOUNT_ID}",
    PeeringState.PENDING: f"Pending Acceptance by {ACCOUNT_ID}",
    PeeringState.ACTIVE: "Active",
    PeeringState.FAILED: "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range",
    PeeringState.REJECTED: f"Rejected by {ACCOUNT_ID}",
    PeeringState.EXPIRED: "Expired",
    PeeringState.DELETED: f"Deleted by {ACCOUNT_ID}",
}
_FILTERS = {
    "accepter-vpc-info.cidr-block": "AccepterVpcInfo.CidrBlock",
    "accepter-vpc-info.owner-id": "AccepterVpcInfo.OwnerId",
    "accepter-vpc-info.vpc-id": "AccepterVpcInfo.VpcId",
    "expiration-time": ABSENT,
    "requester-vpc-info.cidr-block": "RequesterVpcInfo.CidrBlock",
    "requester-vpc-info.owner-id": "RequesterVpcInfo.OwnerId",
    "requester-vpc-info.vpc-id": "RequesterVpcInfo.VpcId",
    "status-code": "Status.Code",
    "status-message": "Status.Message",
    "vpc-peering-connection-id": "VpcPeeringConnectionId",
}


@takes("PeerOwnerId", "PeerRegion", "PeerVpcId", "TagSpecifications", "VpcId")
def create_vpc_peering_connection(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Request a peering; the answer is `initiating-request`, and the next one the state after that."""
    requester, tags = vpc_in(account, call, required(request, "VpcId")), requested_tags(request, _KIND)
    accepter = _peer(account, call, request)
    pair = frozenset((requester.name, accepter))

    def joined(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        return replace(network, linked=network.linked | {pair}), ec2

    if pair not in account.control.network.linked and len(pair) > 1:
        change(account, joined)
    name = f"{requester.name}-{accepter}"
    account.do(CreatePeering(name=name, requester=requester.name, accepter=accepter))
    ends = (requester.name, accepter)
    made = [each for each in account.control.network.peerings if (each.requester, each.accepter) == ends][-1]
    if tags:
        change(account, lambda network, ec2: (network, tagged(ec2, call.region, made.id, tags)))
    initiating = replace(made, state=PeeringState.INITIATING)
    return {"VpcPeeringConnection": _answer(account, call, initiating)}


@takes("VpcPeeringConnectionId")
def accept_vpc_peering_connection(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Accept a pending request, in the region of its accepter."""
    peering = _own(account, call, request, "accepted")
    account.do(AcceptPeering(peering=peering.id))
    return {"VpcPeeringConnection": _answer(account, call, account.control.network.peering(peering.id))}


@takes("VpcPeeringConnectionId")
def reject_vpc_peering_connection(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Reject a pending request, in the region of its accepter."""
    account.do(RejectPeering(peering=_own(account, call, request, "rejected").id))
    return {"Return": True}


@takes("VpcPeeringConnectionId")
def delete_vpc_peering_connection(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete an active or a pending peering from either side; routes to it become blackholes."""
    account.do(DeletePeering(peering=peering_in(account, call, required(request, "VpcPeeringConnectionId")).id))
    return {"Return": True}


@takes("Filters", "VpcPeeringConnectionIds")
def describe_vpc_peering_connections(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the peerings with an end in a region."""
    rows = [_answer(account, call, each) for each in peerings_in(account, call)]
    code = "InvalidVpcPeeringConnectionID.NotFound"
    ids = request.get("VpcPeeringConnectionIds")
    listed = chosen(rows, ids, "VpcPeeringConnectionId", code, "vpcPeeringConnection")
    return {"VpcPeeringConnections": fitting(listed, request, _FILTERS)}


@takes("VpcPeeringConnectionId", *_OPTIONS)
def modify_vpc_peering_connection_options(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Set the options of an active peering's end, in the region of that end."""
    peering = peering_in(account, call, required(request, "VpcPeeringConnectionId"))
    if peering.state is not PeeringState.ACTIVE:
        raise ApiRefused(
            "OperationNotPermitted",
            f"Peering {peering.id} is not active. Peering options can be added only to active peerings.",
        )
    options: Mapping[str, Mapping[str, bool]] = account.records.ec2.peering_options.get(peering.id, {})
    answer: Answer = {}
    for member, end in _OPTIONS.items():
        asked = request.get(member)
        if not asked:
            continue
        if wrong := [name for name, flag in asked.items() if flag and name != _DNS]:
            raise ApiRefused("UnsupportedOperation", f"mqlab has no {wrong[0]}. Leave {wrong[0]} out.")
        vpc = getattr(peering, end)
        if region_of(account, vpc) != call.region:
            raise ApiRefused(
                "OperationNotPermitted",
                f"Incorrect region ({call.region}) specified for this request. The {end}'s options of {peering.id} "
                f"must be modified in region {region_of(account, vpc)}",
            )
        options = added(options, vpc, {**options.get(vpc, {}), _DNS: bool(asked.get(_DNS))})
        answer[member] = _flags(options, vpc)
    after = options
    change(
        account,
        lambda network, ec2: (
            network,
            replace(ec2, peering_options=added(ec2.peering_options, peering.id, after)),
        ),
    )
    return answer


def _peer(account: ServedAccount, call: Call, request: Request) -> str:
    """Return the VPC that a request names as the accepter."""
    peer, region = required(request, "PeerVpcId"), request.get("PeerRegion") or call.region
    owner = request.get("PeerOwnerId") or call.account_id
    if region not in REGIONS:
        raise ApiRefused("InvalidParameterValue", f"Value ({region}) for parameter peerRegion is invalid.")
    if owner != call.account_id:
        raise ApiRefused(
            "InvalidParameterValue",
            f"Value ({owner}) for parameter peerOwnerId is invalid. mqlab serves one account, {call.account_id}.",
        )
    for each in account.control.network.vpcs:
        if each.name == peer and each.aws_region == region:
            return each.name
    raise ApiRefused("InvalidVpcID.NotFound", f"The vpc ID '{peer}' does not exist in {region}")


def _own(account: ServedAccount, call: Call, request: Request, verb: str) -> Peering:
    """Return the peering of a request, which its accepter's region answers alone."""
    peering = peering_in(account, call, required(request, "VpcPeeringConnectionId"))
    region = region_of(account, peering.accepter)
    if region != call.region:
        raise ApiRefused(
            "OperationNotPermitted",
            f"Incorrect region ({call.region}) specified for this request. VPC peering connection {peering.id} must be "
            f"{verb} in region {region}",
        )
    return peering


def _flags(options: Mapping[str, Mapping[str, bool]], vpc: str) -> dict[str, bool]:
    return {_DNS: options.get(vpc, {}).get(_DNS, False), **dict.fromkeys(_CLASSIC, False)}


def _end(account: ServedAccount, call: Call, peering: Peering, vpc: str) -> Answer:
    deleted, network = account.records.ec2.deleted_vpcs, account.control.network
    answer: dict[str, Any] = {"VpcId": vpc, "OwnerId": call.account_id, "Region": region_of(account, vpc)}
    if vpc == peering.requester or peering.state is PeeringState.ACTIVE:
        cidrs = [deleted[vpc].cidr] if vpc in deleted else [str(each) for each in network.vpc(vpc).cidrs]
        answer["CidrBlock"] = cidrs[0]
        answer["CidrBlockSet"] = [{"CidrBlock": each} for each in cidrs]
        answer["PeeringOptions"] = _flags(account.records.ec2.peering_options.get(peering.id, {}), vpc)
    return answer


def _answer(account: ServedAccount, call: Call, peering: Peering) -> Answer:
    return {
        "VpcPeeringConnectionId": peering.id,
        "RequesterVpcInfo": _end(account, call, peering, peering.requester),
        "AccepterVpcInfo": _end(account, call, peering, peering.accepter),
        "Status": {"Code": str(peering.state), "Message": _MESSAGES[peering.state]},
        "Tags": tags_of(account.records.ec2, call.region, peering.id),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateVpcPeeringConnection": create_vpc_peering_connection,
    "AcceptVpcPeeringConnection": accept_vpc_peering_connection,
    "RejectVpcPeeringConnection": reject_vpc_peering_connection,
    "DeleteVpcPeeringConnection": delete_vpc_peering_connection,
    "DescribeVpcPeeringConnections": describe_vpc_peering_connections,
    "ModifyVpcPeeringConnectionOptions": modify_vpc_peering_connection_options,
}

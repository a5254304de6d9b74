"""Peerings and their tags, by the handlers: each side has its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.extras.api.ec2.asking import SINGAPORE, TOKYO, Ec2


@pytest.fixture
def ends(ec2: Ec2) -> tuple[str, str]:
    return ec2.vpc(), ec2.vpc("10.2.0.0/16", SINGAPORE)


def described(ec2: Ec2, peering: str, region: str) -> Mapping[str, Any]:
    (found,) = ec2("DescribeVpcPeeringConnections", region, VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    return dict(found)


def test_a_peering_initiates_is_pending_and_becomes_active(ec2: Ec2, ends: tuple[str, str]) -> None:
    made = ec2("CreateVpcPeeringConnection", VpcId=ends[0], PeerVpcId=ends[1], PeerRegion=SINGAPORE)
    first = made["VpcPeeringConnection"]
    peering = first["VpcPeeringConnectionId"]
    assert re.fullmatch(r"pcx-[0-9a-f]{17}", peering)
    assert first["Status"]["Code"] == "initiating-request"
    assert ec2.state(peering) == ec2.state(peering, SINGAPORE) == "pending-acceptance"
    assert "CidrBlock" not in described(ec2, peering, TOKYO)["AccepterVpcInfo"]
    accepted = ec2("AcceptVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering)["VpcPeeringConnection"]
    assert accepted["Status"] == {"Code": "active", "Message": "Active"}
    assert accepted["AccepterVpcInfo"]["CidrBlock"] == "10.2.0.0/16"
    assert (accepted["RequesterVpcInfo"]["Region"], accepted["AccepterVpcInfo"]["Region"]) == (TOKYO, SINGAPORE)
    assert ec2.ids("DescribeVpcPeeringConnections", "eu-west-1") == []
    assert ec2("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering) == {"Return": True}
    assert ec2.state(peering, SINGAPORE) == "deleted"


def test_a_peering_of_overlapping_vpcs_fails(ec2: Ec2, ends: tuple[str, str]) -> None:
    overlapping = ec2.vpc("10.1.0.0/20", SINGAPORE)
    peering = ec2.peering(ends[0], overlapping)
    assert ec2.state(peering) == "failed"
    request = {"VpcPeeringConnectionId": peering}
    assert ec2.code("AcceptVpcPeeringConnection", SINGAPORE, **request) == "InvalidStateTransition"
    assert ec2.code("DeleteVpcPeeringConnection", **request) == "InvalidStateTransition"
    assert ec2.state(ec2.peering(ends[0], overlapping)) == "failed"


def test_the_region_of_the_accepter_alone_accepts_and_rejects(ec2: Ec2, ends: tuple[str, str]) -> None:
    peering = ec2.peering(*ends)
    wrong = ec2.refusal("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert wrong.code == "OperationNotPermitted"
    assert wrong.message == (
        f"Incorrect region ({TOKYO}) specified for this request. VPC peering connection {peering} must be accepted in "
        f"region {SINGAPORE}"
    )
    assert ec2.code("RejectVpcPeeringConnection", VpcPeeringConnectionId=peering) == "OperationNotPermitted"
    assert ec2("RejectVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering) == {"Return": True}
    assert ec2.state(peering) == "rejected"
    elsewhere = ec2.code("AcceptVpcPeeringConnection", "eu-west-1", VpcPeeringConnectionId=peering)
    assert elsewhere == "InvalidVpcPeeringConnectionID.NotFound"


def test_two_vpcs_have_one_peering_and_no_vpc_goes_while_it_has_one(ec2: Ec2, ends: tuple[str, str]) -> None:
    peering = ec2.peering(*ends)
    again = {"VpcId": ends[0], "PeerVpcId": ends[1], "PeerRegion": SINGAPORE}
    assert ec2.code("CreateVpcPeeringConnection", **again) == "VpcPeeringConnectionAlreadyExists"
    assert ec2.code("DeleteVpc", VpcId=ends[0]) == "DependencyViolation"
    ec2("DeleteVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering)
    ec2("DeleteVpc", VpcId=ends[0])
    gone = described(ec2, peering, SINGAPORE)
    assert gone["RequesterVpcInfo"]["Region"] == TOKYO
    assert gone["Status"]["Code"] == "deleted"
    assert described(ec2, peering, TOKYO) == gone


def test_refusals_of_peerings(ec2: Ec2, ends: tuple[str, str]) -> None:
    def code(**members: str) -> str:
        request = {"VpcId": ends[0], "PeerVpcId": ends[1], "PeerRegion": SINGAPORE} | members
        return ec2.code("CreateVpcPeeringConnection", **request)

    assert code(VpcId="vpc-0") == "InvalidVpcID.NotFound"
    assert code(PeerVpcId="vpc-0") == "InvalidVpcID.NotFound"
    assert code(PeerRegion=TOKYO) == "InvalidVpcID.NotFound"
    assert code(PeerRegion="mars-1") == "InvalidParameterValue"
    assert code(PeerOwnerId="111111111111") == "InvalidParameterValue"
    assert code(PeerVpcId=ends[0], PeerRegion=TOKYO) == "InvalidParameterValue"
    for operation in ("Accept", "Reject", "Delete"):
        missing = ec2.code(f"{operation}VpcPeeringConnection", VpcPeeringConnectionId="pcx-0")
        assert missing == "InvalidVpcPeeringConnectionID.NotFound"


def test_options_are_set_on_an_active_peering_in_the_region_of_the_end(ec2: Ec2, ends: tuple[str, str]) -> None:
    peering = ec2.peering(*ends)
    dns = {"AllowDnsResolutionFromRemoteVpc": True}
    request = {"VpcPeeringConnectionId": peering, "RequesterPeeringConnectionOptions": dns}
    assert ec2.code("ModifyVpcPeeringConnectionOptions", **request) == "OperationNotPermitted"
    ec2("AcceptVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering)
    assert ec2.code("ModifyVpcPeeringConnectionOptions", SINGAPORE, **request) == "OperationNotPermitted"
    answer = ec2("ModifyVpcPeeringConnectionOptions", **request)
    assert answer["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"]
    found = described(ec2, peering, SINGAPORE)
    assert found["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]
    assert not found["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]
    classic = {
        "VpcPeeringConnectionId": peering,
        "RequesterPeeringConnectionOptions": {"AllowMultipathResilience": True},
    }
    assert ec2.code("ModifyVpcPeeringConnectionOptions", **classic) == "UnsupportedOperation"


def test_tags_of_a_peering_are_apart_on_both_sides(ec2: Ec2, ends: tuple[str, str]) -> None:
    own = [{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "Side", "Value": "requester"}]}]
    made = ec2(
        "CreateVpcPeeringConnection",
        VpcId=ends[0],
        PeerVpcId=ends[1],
        PeerRegion=SINGAPORE,
        TagSpecifications=own,
    )
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    assert made["VpcPeeringConnection"]["Tags"] == [{"Key": "Side", "Value": "requester"}]
    assert described(ec2, peering, SINGAPORE)["Tags"] == []
    ec2("CreateTags", SINGAPORE, Resources=[peering], Tags=[{"Key": "Side", "Value": "accepter"}])
    assert described(ec2, peering, TOKYO)["Tags"] == [{"Key": "Side", "Value": "requester"}]
    assert described(ec2, peering, SINGAPORE)["Tags"] == [{"Key": "Side", "Value": "accepter"}]


def test_tags_are_made_described_and_deleted(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    subnet = ec2.subnet(vpc)
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert ec2("CreateTags", Resources=[vpc, subnet], Tags=tags) == {}
    by_id = [{"Name": "resource-id", "Values": [vpc]}]
    assert ec2("DescribeTags", Filters=by_id)["Tags"] == [
        {"ResourceId": vpc, "ResourceType": "vpc", "Key": "a", "Value": "1"},
        {"ResourceId": vpc, "ResourceType": "vpc", "Key": "b", "Value": "2"},
    ]
    of_subnet = ec2("DescribeTags", Filters=[{"Name": "tag:a", "Values": ["*"]}])["Tags"][1]
    assert (of_subnet["ResourceId"], of_subnet["ResourceType"]) == (subnet, "subnet")
    ec2("DeleteTags", Resources=[vpc], Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
    assert [each["Key"] for each in ec2("DescribeTags", Filters=by_id)["Tags"]] == ["a"]
    ec2("DeleteTags", Resources=[vpc, subnet])
    assert ec2("DescribeTags")["Tags"] == []


def test_refusals_of_tags(ec2: Ec2) -> None:
    vpc = ec2.vpc()

    def code(resource: str = vpc, key: str = "a", text: str = "1") -> str:
        return ec2.code("CreateTags", Resources=[resource], Tags=[{"Key": key, "Value": text}])

    assert code(resource="vpc-0") == "InvalidVpcID.NotFound"
    assert code(resource="i-0") == "InvalidID"
    assert code(key="aws:a") == "InvalidParameterValue"
    assert code(key="k" * 129) == "InvalidParameterValue"
    assert code(key="") == "MissingParameter"
    wrong = [{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "1"}]}]
    assert ec2.code("CreateVpc", CidrBlock="10.2.0.0/16", TagSpecifications=wrong) == "InvalidParameterValue"
    ec2("CreateTags", Resources=[vpc], Tags=[{"Key": str(number), "Value": ""} for number in range(50)])
    assert code() == "TagLimitExceeded"
    assert ec2.code("DeleteTags", Resources=["sg-0"]) == "InvalidGroup.NotFound"

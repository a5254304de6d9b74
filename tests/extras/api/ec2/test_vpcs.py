"""VPCs, their attributes and the default VPC, by the handlers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.extras.api.ec2.filters import fitting
from lab.extras.api.ec2.operations import OPERATIONS
from lab.extras.api.wire.models import models
from tests.extras.api.ec2.asking import SINGAPORE, TOKYO, Ec2


def test_every_operation_of_the_model_has_a_handler() -> None:
    assert set(OPERATIONS) == set(models()["ec2"].operations)


def test_a_vpc_is_made_described_and_deleted_with_its_table_group_and_acl(ec2: Ec2) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "tokyo"}]}]
    made = ec2("CreateVpc", CidrBlock="10.1.0.9/16", TagSpecifications=tags, InstanceTenancy="default")["Vpc"]
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", made["VpcId"])
    assert (made["CidrBlock"], made["IsDefault"], made["State"]) == ("10.1.0.0/16", False, "available")
    assert made["Tags"] == [{"Key": "Name", "Value": "tokyo"}]
    wanted = [{"Name": "vpc-id", "Values": [made["VpcId"]]}]
    (table,) = ec2("DescribeRouteTables", Filters=[*wanted, {"Name": "association.main", "Values": ["true"]}])[
        "RouteTables"
    ]
    assert [route["GatewayId"] for route in table["Routes"]] == ["local"]
    (group,) = ec2("DescribeSecurityGroups", Filters=[*wanted, {"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    (acl,) = ec2("DescribeNetworkAcls", Filters=[*wanted, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    assert len(acl["Entries"]) == 4
    assert ec2("DeleteVpc", VpcId=made["VpcId"]) == {}
    for operation in ("DescribeVpcs", "DescribeRouteTables", "DescribeSecurityGroups", "DescribeNetworkAcls"):
        assert ec2.ids(operation) == []
    assert ec2("DescribeTags")["Tags"] == []


def test_a_vpc_is_found_in_its_region_alone(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    assert ec2.ids("DescribeVpcs") == [vpc]
    assert ec2.ids("DescribeVpcs", SINGAPORE) == []
    assert ec2.code("DescribeVpcs", SINGAPORE, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert ec2.code("DeleteVpc", SINGAPORE, VpcId=vpc) == "InvalidVpcID.NotFound"


def test_every_region_has_a_default_vpc_from_the_first_call(ec2: Ec2) -> None:
    only_default = [{"Name": "is-default", "Values": ["true"]}]
    (vpc,) = ec2("DescribeVpcs", Filters=only_default)["Vpcs"]
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    subnets = ec2("DescribeSubnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    assert [each["AvailabilityZone"][-1] for each in subnets] == ["a", "c", "d"]
    assert all(each["MapPublicIpOnLaunch"] for each in subnets)
    (gateway,) = ec2("DescribeInternetGateways")["InternetGateways"]
    (table,) = ec2("DescribeRouteTables")["RouteTables"]
    assert table["Routes"][1]["GatewayId"] == gateway["InternetGatewayId"]
    assert table["Routes"][1]["State"] == "active"
    (other,) = ec2("DescribeVpcs", SINGAPORE, Filters=only_default)["Vpcs"]
    assert other["VpcId"] != vpc["VpcId"]
    attributes = ec2("DescribeAccountAttributes", AttributeNames=["default-vpc"])["AccountAttributes"]
    assert attributes[0]["AttributeValues"] == [{"AttributeValue": vpc["VpcId"]}]


def test_a_deleted_default_vpc_does_not_come_again(ec2: Ec2) -> None:
    (vpc,) = ec2("DescribeVpcs")["Vpcs"]
    for each in ec2("DescribeSubnets")["Subnets"]:
        ec2("DeleteSubnet", SubnetId=each["SubnetId"])
    (gateway,) = ec2("DescribeInternetGateways")["InternetGateways"]
    assert ec2.code("DeleteVpc", VpcId=vpc["VpcId"]) == "DependencyViolation"
    assert ec2.code("DeleteInternetGateway", InternetGatewayId=gateway["InternetGatewayId"]) == "DependencyViolation"
    ec2("DetachInternetGateway", InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
    (table,) = ec2("DescribeRouteTables")["RouteTables"]
    assert table["Routes"][1]["State"] == "blackhole"
    ec2("DeleteVpc", VpcId=vpc["VpcId"])
    assert ec2("DescribeVpcs")["Vpcs"] == []
    assert ec2.code("CreateSecurityGroup", GroupName="mq", Description="d") == "VPCIdNotSpecified"
    (none,) = ec2("DescribeAccountAttributes", AttributeNames=["default-vpc"])["AccountAttributes"]
    assert none["AttributeValues"] == [{"AttributeValue": "none"}]


@pytest.mark.parametrize(
    ("attribute", "usual"),
    [("EnableDnsSupport", True), ("EnableDnsHostnames", False), ("EnableNetworkAddressUsageMetrics", False)],
)
def test_an_attribute_is_described_and_set(ec2: Ec2, attribute: str, usual: bool) -> None:
    vpc, name = ec2.vpc(), attribute[0].lower() + attribute[1:]
    assert ec2("DescribeVpcAttribute", VpcId=vpc, Attribute=name)[attribute] == {"Value": usual}
    ec2("ModifyVpcAttribute", VpcId=vpc, **{attribute: {"Value": not usual}})
    assert ec2("DescribeVpcAttribute", VpcId=vpc, Attribute=name)[attribute] == {"Value": not usual}


def test_refusals_of_vpcs(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    ec2.subnet(vpc)
    assert ec2.code("CreateVpc") == "MissingParameter"
    assert ec2.code("CreateVpc", CidrBlock="10.0.0.0/8") == "InvalidVpc.Range"
    assert ec2.code("CreateVpc", CidrBlock="10.0.0.0") == "InvalidParameterValue"
    assert ec2.code("CreateVpc", CidrBlock="10.0.0.0/16", InstanceTenancy="x") == "InvalidParameterValue"
    ipv6 = ec2.refusal("CreateVpc", CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    assert ipv6.code == "UnsupportedOperation"
    assert "AmazonProvidedIpv6CidrBlock" in ipv6.message
    dependent = ec2.refusal("DeleteVpc", VpcId=vpc)
    assert dependent.code == "DependencyViolation"
    assert dependent.message.startswith(f"The vpc '{vpc}' has dependencies and cannot be deleted. ")
    assert ec2.code("DescribeVpcAttribute", VpcId=vpc, Attribute="x") == "InvalidParameterValue"
    assert ec2.code("ModifyVpcAttribute", VpcId=vpc) == "InvalidParameterCombination"
    ec2("ModifyVpcAttribute", VpcId=vpc, EnableDnsSupport={"Value": False})
    hostnames = {"EnableDnsHostnames": {"Value": True}}
    assert ec2.code("ModifyVpcAttribute", VpcId=vpc, **hostnames) == "InvalidParameterCombination"
    for number in range(2, 5):
        ec2.vpc(f"10.{number}.0.0/16")
    assert ec2.code("CreateVpc", CidrBlock="10.9.0.0/16") == "VpcLimitExceeded"
    assert ec2("CreateVpc", SINGAPORE, CidrBlock="10.9.0.0/16")


def test_an_absent_member_that_asks_for_nothing_is_accepted(ec2: Ec2) -> None:
    assert ec2("CreateVpc", CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=False, Ipv6Pool="")


_DESCRIBES = sorted(
    name
    for name, operation in models()["ec2"].operations.items()
    if "Filters" in getattr(operation.request, "members", {})
)


@pytest.mark.parametrize("operation", _DESCRIBES)
def test_an_unknown_filter_is_refused_also_without_rows(ec2: Ec2, operation: str) -> None:
    assert ec2.code(operation, "eu-west-1", Filters=[{"Name": "vpc_id", "Values": ["x"]}]) == "InvalidParameterValue"
    assert ec2.code(operation, "eu-west-1", Filters=[{"Values": ["x"]}]) == "InvalidParameterValue"
    assert ec2(operation, "eu-west-1", Filters=[{"Name": "tag:Name", "Values": ["x"]}])


def test_filters_know_wildcards_and_every_filter_must_fit(ec2: Ec2) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "to*kyo"}]}]
    vpc = ec2("CreateVpc", CidrBlock="10.1.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    ec2.vpc("10.2.0.0/16")

    def listed(**filters: str) -> list[str]:
        asked = [{"Name": name.replace("_", "-"), "Values": [text]} for name, text in filters.items()]
        return ec2.ids("DescribeVpcs", Filters=asked)

    assert listed(cidr="10.1.*") == [vpc]
    assert listed(cidr_block="10.?.0.0/16", tag_key="Name") == [vpc]
    assert listed(cidr="10.1.*", is_default="true") == []
    assert listed(state="available", cidr="10.[12].0.0/16") == []
    literal = [{"Name": "tag:Name", "Values": [r"to\*kyo"]}]
    assert ec2.ids("DescribeVpcs", Filters=literal) == [vpc]
    assert ec2.ids("DescribeVpcs", Filters=[{"Name": "tag:Name", "Values": [r"t\*o"]}]) == []


@given(text=st.text("ab*?\\", max_size=8), pattern=st.text("ab*?\\", max_size=8))
def test_a_pattern_fits_as_a_regular_expression_says(text: str, pattern: str) -> None:
    own = [{"Name": "x", "Values": [pattern]}]
    pieces = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    plain = "".join({"*": ".*", "?": "."}.get(each) or re.escape(each[-1]) for each in pieces)
    expected = re.fullmatch(plain, text, flags=re.DOTALL) is not None
    assert bool(fitting([{"x": text}], {"Filters": own}, {"x": "x"})) == expected


def test_a_pattern_of_many_stars_is_compared_at_once(ec2: Ec2) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "a" * 256}]}]
    ec2("CreateVpc", CidrBlock="10.1.0.0/16", TagSpecifications=tags)
    assert ec2.ids("DescribeVpcs", Filters=[{"Name": "tag:Name", "Values": ["*a" * 200 + "b"]}]) == []
    too_long = [{"Name": "tag:Name", "Values": ["*" * 513]}]
    assert ec2.code("DescribeVpcs", Filters=too_long) == "FilterLimitExceeded"
    too_many = [{"Name": "tag:Name", "Values": ["a"] * 201}]
    assert ec2.code("DescribeVpcs", Filters=too_many) == "FilterLimitExceeded"


def test_zones_and_regions(ec2: Ec2) -> None:
    zones = ec2("DescribeAvailabilityZones", Filters=[{"Name": "state", "Values": ["available"]}])["AvailabilityZones"]
    assert [each["ZoneName"] for each in zones] == [f"{TOKYO}a", f"{TOKYO}c", f"{TOKYO}d"]
    assert zones[0]["ZoneId"] == "apne1-az1"
    (one,) = ec2("DescribeAvailabilityZones", ZoneNames=[f"{TOKYO}c"])["AvailabilityZones"]
    assert one["ZoneId"] == "apne1-az3"
    assert ec2.code("DescribeAvailabilityZones", ZoneNames=["x"]) == "InvalidParameterValue"
    names = [each["RegionName"] for each in ec2("DescribeRegions")["Regions"]]
    assert TOKYO in names
    assert not [name for name in names if name.startswith(("cn-", "us-gov"))]
    assert [each["RegionName"] for each in ec2("DescribeRegions", "cn-north-1")["Regions"]] == [
        "cn-north-1",
        "cn-northwest-1",
    ]
    assert ec2.code("DescribeRegions", RegionNames=["mars-1"]) == "InvalidParameterValue"
    assert ec2.code("DescribeAccountAttributes", AttributeNames=["x"]) == "InvalidParameterValue"

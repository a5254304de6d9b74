"""Security groups and their rules, by the handlers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extras.api.ec2.asking import SINGAPORE, Ec2
from tests.extras.api.ec2.test_subnets_and_tables import put_broker


def permission(port: int | None = 61617, cidr: str = "10.2.0.0/16", protocol: str = "tcp", **members: Any) -> Any:
    ports = {} if port is None else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": cidr}], **members}


EVERYTHING_V6 = {"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


def allowed(ec2: Ec2, group: str, *, egress: bool = False) -> list[str]:
    """Return a group's rules as text, in their order."""
    rows = ec2("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    return [
        f"{row['IpProtocol']} {row['FromPort']}-{row['ToPort']} "
        + str(row.get("CidrIpv4") or row.get("CidrIpv6") or row["ReferencedGroupInfo"]["GroupId"])
        for row in rows
        if row["IsEgress"] == egress
    ]


@pytest.fixture
def group(ec2: Ec2) -> str:
    return ec2.group(ec2.vpc())


def test_a_group_lets_nothing_in_and_everything_out(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "Name", "Value": "mq"}]}]
    made = ec2("CreateSecurityGroup", VpcId=vpc, GroupName="mq", Description="brokers", TagSpecifications=tags)
    (found,) = ec2("DescribeSecurityGroups", GroupIds=[made["GroupId"]])["SecurityGroups"]
    assert (found["GroupName"], found["Description"], found["IpPermissions"]) == ("mq", "brokers", [])
    assert found["Tags"] == made["Tags"]
    assert allowed(ec2, made["GroupId"], egress=True) == ["-1 -1--1 0.0.0.0/0"]
    assert ec2("DeleteSecurityGroup", GroupId=made["GroupId"])["GroupId"] == made["GroupId"]
    assert ec2.code("DescribeSecurityGroups", GroupIds=[made["GroupId"]]) == "InvalidGroup.NotFound"


def test_rules_are_authorized_described_and_revoked(ec2: Ec2, group: str) -> None:
    rules = [
        permission(IpRanges=[{"CidrIp": "10.2.0.0/16", "Description": "Singapore"}, {"CidrIp": "10.3.0.1/16"}]),
        permission(8162, "127.0.0.1/32"),
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
        {"IpProtocol": "6", "FromPort": 22, "ToPort": 23, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]},
        permission(None, protocol="icmp"),
        {**permission(None, protocol="1"), "FromPort": 8, "ToPort": -1},
    ]
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "1"}]}]
    made = ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=rules, TagSpecifications=tags)
    assert allowed(ec2, group) == [
        "tcp 61617-61617 10.2.0.0/16",
        "tcp 61617-61617 10.3.0.0/16",
        "tcp 8162-8162 127.0.0.1/32",
        f"-1 -1--1 {group}",
        "tcp 22-23 2001:db8::/32",
        "icmp -1--1 10.2.0.0/16",
        "icmp 8--1 10.2.0.0/16",
    ]
    assert made["SecurityGroupRules"][0]["Description"] == "Singapore"
    assert made["SecurityGroupRules"][1]["Tags"] == [{"Key": "a", "Value": "1"}]
    (found,) = ec2("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
    assert found["IpPermissions"][0] == {
        "IpProtocol": "tcp",
        "FromPort": 61617,
        "ToPort": 61617,
        "IpRanges": [{"CidrIp": "10.2.0.0/16", "Description": "Singapore"}, {"CidrIp": "10.3.0.0/16"}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    by_id = made["SecurityGroupRules"][2]["SecurityGroupRuleId"]
    assert ec2("RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=[by_id])["Return"]
    gone = ec2("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[rules[0], *rules[2:]])
    assert len(gone["RevokedSecurityGroupRules"]) == 6
    assert gone["RevokedSecurityGroupRules"][2]["ReferencedGroupId"] == group
    assert allowed(ec2, group) == []
    assert ec2("DescribeTags")["Tags"] == []


def test_a_rule_for_addresses_is_the_verb_that_scenarios_have(ec2: Ec2, group: str) -> None:
    ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission()])
    ec2("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[permission()])
    lines = (ec2.account.folder / "history.jsonl").read_text().splitlines()
    for verb in ("authorize-ingress", "revoke-ingress"):
        (step,) = [line for line in lines if f'"{verb}"' in line and group in line and '"asked"' in line]
        assert '"api"' in step
    assert [line for line in lines if '"authorized"' in line and group in line]
    assert [line for line in lines if '"revoked"' in line and group in line]


def test_a_request_of_several_rules_is_refused_whole(ec2: Ec2, group: str) -> None:
    ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission()])
    two = ec2.refusal("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission(5671), permission()])
    assert two.code == "InvalidPermission.Duplicate"
    assert two.message.startswith('the specified rule "peer: 10.2.0.0/16, TCP 61617, ALLOW" already exists. ')
    assert allowed(ec2, group) == ["tcp 61617-61617 10.2.0.0/16"]
    twice = ec2.code("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission(22), permission(22)])
    assert twice == "InvalidParameterValue"


def test_the_ipv6_default_egress_that_is_not_there_is_revoked_without_an_error(ec2: Ec2, group: str) -> None:
    answer = ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[EVERYTHING_V6])
    assert answer["Return"]
    assert answer["UnknownIpPermissions"][0]["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    everything = permission(0, "0.0.0.0/0", "-1")
    ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[everything])
    assert allowed(ec2, group, egress=True) == []
    absent = ec2.code("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[everything])
    assert absent == "InvalidPermission.NotFound"
    ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[everything, EVERYTHING_V6])
    assert allowed(ec2, group, egress=True) == ["-1 -1--1 0.0.0.0/0", "-1 -1--1 ::/0"]


def test_in_the_default_vpc_a_rule_that_is_not_there_is_revoked_without_an_error(ec2: Ec2) -> None:
    ec2("CreateSecurityGroup", GroupName="mq", Description="d")
    (found,) = ec2("DescribeSecurityGroups", GroupNames=["mq"])["SecurityGroups"]
    flat = {"GroupName": "mq", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8"}
    assert ec2("RevokeSecurityGroupIngress", **flat)["UnknownIpPermissions"]
    ec2("AuthorizeSecurityGroupIngress", **flat)
    assert allowed(ec2, found["GroupId"]) == ["tcp 1-2 10.0.0.0/8"]
    source = {"GroupName": "mq", "IpProtocol": "udp", "FromPort": 1, "ToPort": 2, "SourceSecurityGroupName": "default"}
    ec2("AuthorizeSecurityGroupIngress", **source)
    assert len(allowed(ec2, found["GroupId"])) == 2
    ec2("DeleteSecurityGroup", GroupName="mq")
    assert ec2.code("DeleteSecurityGroup", GroupName="mq") == "InvalidGroup.NotFound"
    assert ec2.code("DescribeSecurityGroups", GroupNames=["mq"]) == "InvalidGroup.NotFound"


def test_a_rule_is_modified_under_its_id(ec2: Ec2, group: str) -> None:
    made = ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission()])["SecurityGroupRules"]
    rule = made[0]["SecurityGroupRuleId"]

    def update(**members: Any) -> list[dict[str, Any]]:
        fields = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 9, **members}
        return [{"SecurityGroupRuleId": rule, "SecurityGroupRule": fields}]

    asked = update(CidrIpv4="10.9.0.0/16", Description="new")
    assert ec2("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=asked) == {"Return": True}
    (found,) = ec2("DescribeSecurityGroupRules", SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    assert (found["CidrIpv4"], found["ToPort"], found["Description"]) == ("10.9.0.0/16", 9, "new")
    ec2("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=update(CidrIpv6="::/0"))
    ec2("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=update(ReferencedGroupId=group))
    assert allowed(ec2, group) == [f"tcp 1-9 {group}"]
    unknown = [{"SecurityGroupRuleId": "sgr-0", "SecurityGroupRule": asked[0]["SecurityGroupRule"]}]
    assert (
        ec2.code("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=unknown)
        == "InvalidSecurityGroupRuleId.NotFound"
    )
    lists = update(PrefixListId="pl-0")
    assert (
        ec2.code("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=lists) == "InvalidPrefixListID.NotFound"
    )
    assert ec2.code("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=update()) == "MissingParameter"


def test_refusals_of_groups(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    group = ec2.group(vpc)
    duplicate = ec2.refusal("CreateSecurityGroup", VpcId=vpc, GroupName="mq", Description="d")
    assert duplicate.code == "InvalidGroup.Duplicate"
    assert duplicate.message.startswith(f"The security group 'mq' already exists for VPC '{vpc}'. ")
    assert ec2.group(ec2.vpc("10.2.0.0/16")) != group
    assert ec2.code("CreateSecurityGroup", VpcId=vpc, GroupName="sg-mq", Description="d") == "InvalidParameterValue"
    assert ec2.code("CreateSecurityGroup", VpcId=vpc, GroupName="m" * 256, Description="d") == "InvalidParameterValue"
    assert ec2.code("CreateSecurityGroup", VpcId=vpc, GroupName="m") == "MissingParameter"
    assert ec2.code("CreateSecurityGroup", VpcId="vpc-0", GroupName="m", Description="d") == "InvalidVpcID.NotFound"
    assert ec2.code("DeleteSecurityGroup", GroupId="sg-0") == "InvalidGroup.NotFound"
    assert ec2.code("DeleteSecurityGroup") == "MissingParameter"
    default = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (own,) = ec2.ids("DescribeSecurityGroups", Filters=default)
    assert ec2.code("DeleteSecurityGroup", GroupId=own) == "CannotDelete"
    put_broker(ec2, ec2.subnet(vpc), group)
    used = ec2.refusal("DeleteSecurityGroup", GroupId=group)
    assert (used.code, used.message) == (
        "DependencyViolation",
        f"resource {group} has a dependent object. delete first: tokyo.",
    )


def test_refusals_of_rules(ec2: Ec2, group: str) -> None:
    far = ec2.group(ec2.vpc("10.2.0.0/16", SINGAPORE), region=SINGAPORE)

    def code(*rules: Any) -> str:
        return ec2.code("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=list(rules))

    assert code() == "MissingParameter"
    assert code({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}) == "MissingParameter"
    assert code(permission(protocol="50")) == "InvalidParameterValue"
    assert code(permission(protocol="")) == "MissingParameter"
    assert code(permission(None)) == "InvalidParameterValue"
    assert code(permission(70000)) == "InvalidParameterValue"
    assert code(permission(256, protocol="icmp")) == "InvalidParameterValue"
    assert code(permission(cidr="10.0.0.0")) == "InvalidParameterValue"
    assert code(permission(IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "10.0.0.0/8"}])) == "InvalidParameterValue"
    assert code(permission(UserIdGroupPairs=[{"GroupId": "sg-0"}])) == "InvalidGroup.NotFound"
    assert code(permission(UserIdGroupPairs=[{"GroupName": "none"}])) == "InvalidGroup.NotFound"
    assert code(permission(UserIdGroupPairs=[{"GroupId": far}])) == "InvalidGroup.NotFound"
    assert code(permission(UserIdGroupPairs=[{"GroupId": group, "UserId": "1"}])) == "InvalidGroup.NotFound"
    assert code(permission(PrefixListIds=[{"PrefixListId": "pl-0"}])) == "InvalidPrefixListID.NotFound"
    revoked = ec2.code("RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=["sgr-0"])
    assert revoked == "InvalidSecurityGroupRuleId.NotFound"
    assert ec2.code("RevokeSecurityGroupEgress", GroupId=group) == "MissingParameter"
    for number in range(60):
        ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission(number)])
    assert code(permission(61)) == "RulesPerSecurityGroupLimitExceeded"

"""All operations of EC2 by boto3 over HTTP: its parser takes each answer, and each refusal has its code."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.extras.api.serving import ServedHere
from lab.extras.api.wire.models import models
from tests.extras.api.clients import SINGAPORE, TOKYO, client

RULE = {"IpProtocol": "tcp", "FromPort": 61617, "ToPort": 61617, "IpRanges": [{"CidrIp": "10.2.0.0/16"}]}


class Recorded:
    """A client that notes the operations that it calls."""

    def __init__(self, ec2: Any, called: set[str]) -> None:
        self._ec2, self._called = ec2, called

    def __getattr__(self, method: str) -> Any:
        self._called.add(self._ec2.meta.method_to_api_mapping[method])
        return getattr(self._ec2, method)


@pytest.fixture
def called() -> set[str]:
    return set()


@pytest.fixture
def tokyo(mqlab_api: ServedHere, called: set[str]) -> Any:
    return Recorded(client(mqlab_api, "ec2"), called)


@pytest.fixture
def singapore(mqlab_api: ServedHere, called: set[str]) -> Any:
    return Recorded(client(mqlab_api, "ec2", SINGAPORE), called)


def filters(**wanted: str) -> list[dict[str, Any]]:
    return [{"Name": name.replace("_", "-"), "Values": [text]} for name, text in wanted.items()]


def test_every_operation_is_answered_as_botocore_reads_it(tokyo: Any, singapore: Any, called: set[str]) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "tokyo"}]}]
    vpc = tokyo.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags)["Vpc"]
    far = singapore.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    near = vpc["VpcId"]
    assert tokyo.describe_vpcs(VpcIds=[near])["Vpcs"] == [vpc]
    tokyo.modify_vpc_attribute(VpcId=near, EnableDnsHostnames={"Value": True})
    attribute = tokyo.describe_vpc_attribute(VpcId=near, Attribute="enableDnsHostnames")
    assert attribute["EnableDnsHostnames"] == {"Value": True}
    acls = tokyo.describe_network_acls(Filters=filters(default="true", vpc_id=near))["NetworkAcls"]
    assert acls[0]["IsDefault"]

    subnet = tokyo.create_subnet(VpcId=near, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    tokyo.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert tokyo.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]

    made = tokyo.create_vpc_peering_connection(VpcId=near, PeerVpcId=far, PeerRegion=SINGAPORE)["VpcPeeringConnection"]
    peering = made["VpcPeeringConnectionId"]
    assert made["Status"]["Code"] == "initiating-request"
    singapore.reject_vpc_peering_connection(VpcPeeringConnectionId=peering)
    made = tokyo.create_vpc_peering_connection(VpcId=near, PeerVpcId=far, PeerRegion=SINGAPORE)["VpcPeeringConnection"]
    peering = made["VpcPeeringConnectionId"]
    singapore.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    dns = {"AllowDnsResolutionFromRemoteVpc": True}
    tokyo.modify_vpc_peering_connection_options(VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions=dns)
    found = singapore.describe_vpc_peering_connections(Filters=filters(status_code="active"))["VpcPeeringConnections"]
    assert [each["RequesterVpcInfo"]["Region"] for each in found] == [TOKYO]

    table = tokyo.create_route_table(VpcId=near)["RouteTable"]["RouteTableId"]
    association = tokyo.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    mains = tokyo.describe_route_tables(Filters=filters(vpc_id=near, **{"association.main": "true"}))["RouteTables"]
    main_id = mains[0]["RouteTableId"]
    association = tokyo.replace_route_table_association(AssociationId=association, RouteTableId=main_id)[
        "NewAssociationId"
    ]
    route = {"RouteTableId": table, "DestinationCidrBlock": "10.2.0.0/16"}
    assert tokyo.create_route(**route, VpcPeeringConnectionId=peering)["Return"]
    gateway = tokyo.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    tokyo.attach_internet_gateway(InternetGatewayId=gateway, VpcId=near)
    (shown,) = tokyo.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]
    assert shown["Attachments"] == [{"State": "available", "VpcId": near}]
    tokyo.replace_route(**route, GatewayId=gateway)
    tokyo.delete_route(**route)

    group = tokyo.create_security_group(VpcId=near, GroupName="mq", Description="brokers")["GroupId"]
    made = tokyo.authorize_security_group_ingress(GroupId=group, IpPermissions=[RULE])["SecurityGroupRules"]
    rule = made[0]["SecurityGroupRuleId"]
    update = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIpv4": "10.0.0.0/8"}
    tokyo.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": update}]
    )
    rules = tokyo.describe_security_group_rules(Filters=filters(group_id=group))["SecurityGroupRules"]
    assert [each["IsEgress"] for each in rules] == [False, True]
    tokyo.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    tokyo.authorize_security_group_egress(GroupId=group, IpPermissions=[RULE])
    tokyo.revoke_security_group_egress(GroupId=group, IpPermissions=[RULE])
    (shown,) = tokyo.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert shown["IpPermissions"] == []

    tokyo.create_tags(Resources=[near, group], Tags=[{"Key": "a", "Value": "1"}])
    assert len(tokyo.describe_tags(Filters=filters(key="a"))["Tags"]) == 2
    tokyo.delete_tags(Resources=[near, group], Tags=[{"Key": "a"}])

    assert tokyo.describe_network_interfaces(Filters=filters(group_id=group))["NetworkInterfaces"] == []
    assert tokyo.describe_availability_zones()["AvailabilityZones"][0]["State"] == "available"
    assert len(tokyo.describe_regions()["Regions"]) > 30
    assert tokyo.describe_account_attributes()["AccountAttributes"][0]["AttributeValues"] == [{"AttributeValue": "VPC"}]

    tokyo.detach_internet_gateway(InternetGatewayId=gateway, VpcId=near)
    tokyo.delete_internet_gateway(InternetGatewayId=gateway)
    tokyo.disassociate_route_table(AssociationId=association)
    tokyo.delete_route_table(RouteTableId=table)
    tokyo.delete_security_group(GroupId=group)
    tokyo.delete_subnet(SubnetId=subnet)
    tokyo.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    tokyo.delete_vpc(VpcId=near)
    singapore.delete_vpc(VpcId=far)
    assert tokyo.describe_vpcs(Filters=filters(is_default="false"))["Vpcs"] == []
    assert called == set(models()["ec2"].operations)


def test_a_refusal_over_http_has_its_code_and_status(tokyo: Any, singapore: Any) -> None:
    near, far = tokyo.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"], singapore.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]
    peering = tokyo.create_vpc_peering_connection(VpcId=near["VpcId"], PeerVpcId=far["VpcId"], PeerRegion=SINGAPORE)
    own = {"VpcPeeringConnectionId": peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]}
    refused = {
        "OperationNotPermitted": lambda: tokyo.accept_vpc_peering_connection(**own),
        "InvalidVpcID.NotFound": lambda: tokyo.delete_vpc(VpcId="vpc-0"),
        "DependencyViolation": lambda: tokyo.delete_vpc(VpcId=near["VpcId"]),
        "InvalidVpc.Range": lambda: tokyo.create_vpc(CidrBlock="10.0.0.0/8"),
        "InvalidParameterValue": lambda: tokyo.describe_subnets(Filters=filters(vpc="x")),
        "UnsupportedOperation": lambda: tokyo.create_vpc(CidrBlock="10.3.0.0/16", AmazonProvidedIpv6CidrBlock=True),
        "DryRunOperation": lambda: tokyo.describe_vpcs(DryRun=True),
    }
    for code, call in refused.items():
        with pytest.raises(ClientError) as error:
            call()
        answer = error.value.response
        assert answer["Error"]["Code"] == code
        assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500
        assert len(answer["Error"]["Message"]) > 20


def test_descriptions_have_pages(tokyo: Any, mqlab_api: ServedHere) -> None:
    for number in range(4):
        tokyo.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    pages = list(client(mqlab_api, "ec2").get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Vpcs"]) for page in pages] == [5]
    pages = list(client(mqlab_api, "ec2").get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5}))
    assert sum(len(page["Subnets"]) for page in pages) == 3

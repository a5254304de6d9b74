"""The article by boto3: two regions with a VPC each, peering, routes, groups and brokers; then all is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lab.extras.api.serving import ServedHere
from lab.network.reach import reach
from tests.extras.api.clients import SINGAPORE, TOKYO, broker, client

BLOCKS = {TOKYO: "10.1.0.0/16", SINGAPORE: "10.2.0.0/16"}


class Side:
    """One region of the article: its VPC and everything in it."""

    def __init__(self, api: ServedHere, region: str) -> None:
        self.ec2, self.mq, self.region = client(api, "ec2", region), client(api, "mq", region), region

    def build(self) -> None:
        self.vpc = self.ec2.create_vpc(CidrBlock=BLOCKS[self.region])["Vpc"]["VpcId"]
        block = BLOCKS[self.region].replace("/16", "/24")
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block)["Subnet"]["SubnetId"]
        self.table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.association = self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnet)[
            "AssociationId"
        ]
        self.group = self.ec2.create_security_group(VpcId=self.vpc, GroupName="mq", Description="d")["GroupId"]

    def open(self, far: str, peering: str) -> None:
        block = BLOCKS[far]
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock=block, VpcPeeringConnectionId=peering)
        rule = {"IpProtocol": "tcp", "FromPort": 61617, "ToPort": 61617, "IpRanges": [{"CidrIp": block}]}
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])

    def start(self, name: str) -> None:
        request = broker(name, SubnetIds=[self.subnet], SecurityGroups=[self.group])
        self.broker = self.mq.create_broker(**request)["BrokerId"]
        assert self.mq.describe_broker(BrokerId=self.broker)["BrokerState"] == "CREATION_IN_PROGRESS"
        assert self.mq.describe_broker(BrokerId=self.broker)["BrokerState"] == "RUNNING"

    def stop(self) -> None:
        self.mq.delete_broker(BrokerId=self.broker)
        with pytest.raises(ClientError, match="NotFoundException"):
            for _ in range(3):
                self.mq.describe_broker(BrokerId=self.broker)

    def destroy(self, far: str) -> None:
        self.ec2.delete_route(RouteTableId=self.table, DestinationCidrBlock=BLOCKS[far])
        self.ec2.disassociate_route_table(AssociationId=self.association)
        self.ec2.delete_route_table(RouteTableId=self.table)
        self.ec2.delete_security_group(GroupId=self.group)
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_vpc(VpcId=self.vpc)

    def interfaces(self) -> list[Any]:
        wanted = [{"Name": "group-id", "Values": [self.group]}]
        return list(self.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"])


def test_the_article_is_built_and_nothing_is_left_after_its_deletion(mqlab_api: ServedHere) -> None:
    tokyo, singapore = Side(mqlab_api, TOKYO), Side(mqlab_api, SINGAPORE)
    for side in (tokyo, singapore):
        side.ec2.describe_vpcs()
    empty = mqlab_api.account.control.network
    tokyo.build()
    singapore.build()
    asked = {"VpcId": tokyo.vpc, "PeerVpcId": singapore.vpc, "PeerRegion": SINGAPORE}
    peering = tokyo.ec2.create_vpc_peering_connection(**asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    singapore.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    tokyo.start("tokyo")
    singapore.start("singapore")
    assert not reach(mqlab_api.account.control.network, "tokyo", "singapore", 61617).yes
    tokyo.open(SINGAPORE, peering)
    singapore.open(TOKYO, peering)
    assert reach(mqlab_api.account.control.network, "tokyo", "singapore", 61617).yes
    assert len(tokyo.interfaces()) == 1
    for delete in (
        lambda: tokyo.ec2.delete_subnet(SubnetId=tokyo.subnet),
        lambda: tokyo.ec2.delete_security_group(GroupId=tokyo.group),
        lambda: tokyo.ec2.delete_vpc(VpcId=tokyo.vpc),
    ):
        with pytest.raises(ClientError, match="DependencyViolation"):
            delete()
    tokyo.stop()
    singapore.stop()
    assert tokyo.interfaces() == []
    tokyo.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    tokyo.destroy(SINGAPORE)
    singapore.destroy(TOKYO)
    left = mqlab_api.account.control.network
    for parts in ("vpcs", "subnets", "route_tables", "groups", "interfaces"):
        assert getattr(left, parts) == getattr(empty, parts), parts
    assert not any(each.alive for each in left.peerings)

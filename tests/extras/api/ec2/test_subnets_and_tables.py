"""Subnets, route tables, associations, routes and gateways, by the handlers."""

from __future__ import annotations

from typing import Any

from lab.network import interfaces
from lab.network.quotas import ROUTES_PER_TABLE
from lab.plan.control import Control
from tests.extras.api.ec2.asking import SINGAPORE, TOKYO, Ec2


def routes(ec2: Ec2, table: str, region: str = TOKYO) -> list[tuple[str, str, str]]:
    (found,) = ec2("DescribeRouteTables", region, RouteTableIds=[table])["RouteTables"]
    targets = ("GatewayId", "VpcPeeringConnectionId")
    return [
        (each["DestinationCidrBlock"], next(each[name] for name in targets if name in each), each["State"])
        for each in found["Routes"]
    ]


def put_broker(ec2: Ec2, subnet: str, group: str) -> None:
    """Give a broker an interface in a subnet, as the creation of a broker does."""
    account = ec2.account
    network = interfaces.attach(account.control.network, "tokyo", subnets=[subnet], groups=[group])
    account.keep(Control(account=account.control.account, network=network), account.records)


def test_a_subnet_is_made_described_changed_and_deleted(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "Name", "Value": "a"}]}]
    made = ec2("CreateSubnet", VpcId=vpc, CidrBlock="10.1.0.0/24", AvailabilityZone=f"{TOKYO}c", TagSpecifications=tags)
    subnet = made["Subnet"]
    assert (subnet["AvailabilityZoneId"], subnet["AvailableIpAddressCount"]) == ("apne1-az3", 251)
    assert not subnet["MapPublicIpOnLaunch"]
    ec2("ModifySubnetAttribute", SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True})
    (after,) = ec2("DescribeSubnets", SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert after == {**subnet, "MapPublicIpOnLaunch": True}
    ec2("ModifySubnetAttribute", SubnetId=subnet["SubnetId"], AssignIpv6AddressOnCreation={"Value": False})
    by_id = ec2("CreateSubnet", VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZoneId="apne1-az4")["Subnet"]
    assert by_id["AvailabilityZone"] == f"{TOKYO}d"
    for each in (subnet, by_id):
        ec2("DeleteSubnet", SubnetId=each["SubnetId"])
    assert ec2.ids("DescribeSubnets") == []
    assert ec2("DescribeTags")["Tags"] == []


def test_refusals_of_subnets(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    subnet = ec2.subnet(vpc)
    overlap = ec2.refusal("CreateSubnet", VpcId=vpc, CidrBlock="10.1.0.128/25")
    assert overlap.code == "InvalidSubnet.Conflict"
    assert overlap.message.startswith("The CIDR '10.1.0.128/25' conflicts with another subnet. ")
    assert ec2.code("CreateSubnet", VpcId=vpc, CidrBlock="10.2.0.0/24") == "InvalidSubnet.Range"
    assert ec2.code("CreateSubnet", VpcId="vpc-0", CidrBlock="10.1.1.0/24") == "InvalidVpcID.NotFound"
    assert ec2.code("CreateSubnet", SINGAPORE, VpcId=vpc, CidrBlock="10.1.1.0/24") == "InvalidVpcID.NotFound"
    zone = ec2.refusal("CreateSubnet", VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone=f"{SINGAPORE}a")
    assert zone.code == "InvalidParameterValue"
    assert zone.message.endswith(f"{TOKYO}a, {TOKYO}c, {TOKYO}d.")
    assert ec2.code("DeleteSubnet", SubnetId="subnet-0") == "InvalidSubnetID.NotFound"
    assert ec2.code("DescribeSubnets", SubnetIds=["subnet-0"]) == "InvalidSubnetID.NotFound"
    attribute: Any = {"AssignIpv6AddressOnCreation": {"Value": True}}
    assert ec2.code("ModifySubnetAttribute", SubnetId=subnet, **attribute) == "UnsupportedOperation"
    put_broker(ec2, subnet, ec2.group(vpc))
    assert ec2.code("DeleteSubnet", SubnetId=subnet) == "DependencyViolation"


def test_a_table_is_associated_replaced_and_disassociated(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    subnet, one, other = ec2.subnet(vpc), ec2.table(vpc), ec2.table(vpc)
    made = ec2("AssociateRouteTable", RouteTableId=one, SubnetId=subnet)["AssociationId"]
    assert ec2("AssociateRouteTable", RouteTableId=one, SubnetId=subnet)["AssociationId"] == made
    assert ec2.code("AssociateRouteTable", RouteTableId=other, SubnetId=subnet) == "Resource.AlreadyAssociated"
    assert ec2.code("DeleteRouteTable", RouteTableId=one) == "DependencyViolation"
    wanted = [{"Name": "association.route-table-association-id", "Values": [made]}]
    (table,) = ec2("DescribeRouteTables", Filters=wanted)["RouteTables"]
    assert table["Associations"] == [
        {
            "RouteTableAssociationId": made,
            "RouteTableId": one,
            "SubnetId": subnet,
            "Main": False,
            "AssociationState": {"State": "associated"},
        }
    ]
    new = ec2("ReplaceRouteTableAssociation", AssociationId=made, RouteTableId=other)["NewAssociationId"]
    assert new != made
    assert ec2.code("DisassociateRouteTable", AssociationId=made) == "InvalidAssociationID.NotFound"
    assert ec2.code("DisassociateRouteTable", SINGAPORE, AssociationId=new) == "InvalidSubnetID.NotFound"
    ec2("DisassociateRouteTable", AssociationId=new)
    ec2("DeleteRouteTable", RouteTableId=one)
    ec2("DeleteRouteTable", RouteTableId=other)
    assert ec2.code("DeleteRouteTable", RouteTableId=other) == "InvalidRouteTableID.NotFound"


def test_another_table_becomes_the_main_one(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    table, filters = ec2.table(vpc), [{"Name": "association.main", "Values": ["true"]}]
    (main,) = (each for each in ec2("DescribeRouteTables", Filters=filters)["RouteTables"] if each["VpcId"] == vpc)
    association = main["Associations"][0]["RouteTableAssociationId"]
    assert ec2.code("DisassociateRouteTable", AssociationId=association) == "InvalidParameterValue"
    assert ec2.code("DeleteRouteTable", RouteTableId=main["RouteTableId"]) == "DependencyViolation"
    ec2("ReplaceRouteTableAssociation", AssociationId=association, RouteTableId=table)
    assert table in ec2.ids("DescribeRouteTables", Filters=filters)
    ec2("DeleteRouteTable", RouteTableId=main["RouteTableId"])


def test_a_client_token_makes_one_table(ec2: Ec2) -> None:
    vpc, other = ec2.vpc(), ec2.vpc("10.2.0.0/16")
    one, same = (ec2("CreateRouteTable", VpcId=vpc, ClientToken="t")["RouteTable"] for _ in range(2))
    assert one == same
    assert ec2.code("CreateRouteTable", VpcId=other, ClientToken="t") == "IdempotentParameterMismatch"
    ec2("DeleteRouteTable", RouteTableId=one["RouteTableId"])
    assert ec2("CreateRouteTable", VpcId=vpc, ClientToken="t")["RouteTable"]["RouteTableId"] != one["RouteTableId"]


def test_a_table_of_another_vpc_cannot_be_associated(ec2: Ec2) -> None:
    subnet = ec2.subnet(ec2.vpc())
    table = ec2.table(ec2.vpc("10.2.0.0/16"))
    assert ec2.code("AssociateRouteTable", RouteTableId=table, SubnetId=subnet) == "InvalidParameterValue"


def test_a_route_to_a_peering_is_a_blackhole_while_the_peering_is_not_active(ec2: Ec2) -> None:
    one, other = ec2.vpc(), ec2.vpc("10.2.0.0/16", SINGAPORE)
    table, peering = ec2.table(one), ec2.peering(one, other)
    asked = {"RouteTableId": table, "DestinationCidrBlock": "10.2.0.0/16"}
    assert ec2("CreateRoute", **asked, VpcPeeringConnectionId=peering) == {"Return": True}
    assert routes(ec2, table) == [("10.1.0.0/16", "local", "active"), ("10.2.0.0/16", peering, "blackhole")]
    ec2("AcceptVpcPeeringConnection", SINGAPORE, VpcPeeringConnectionId=peering)
    assert routes(ec2, table)[1] == ("10.2.0.0/16", peering, "active")
    again = ec2.refusal("CreateRoute", **asked, VpcPeeringConnectionId=peering)
    assert again.code == "RouteAlreadyExists"
    assert again.message.startswith("The route identified by 10.2.0.0/16 already exists. ")
    ec2("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert routes(ec2, table)[1][2] == "blackhole"
    ec2("DeleteVpc", SINGAPORE, VpcId=other)
    assert routes(ec2, table)[1][2] == "blackhole"
    ec2("DeleteRoute", **asked)
    assert len(routes(ec2, table)) == 1
    assert ec2.code("DeleteRoute", **asked) == "InvalidRoute.NotFound"


def test_refusals_of_routes(ec2: Ec2) -> None:
    one, other = ec2.vpc(), ec2.vpc("10.2.0.0/16", SINGAPORE)
    table, peering = ec2.table(one), ec2.peering(one, other)
    foreign = ec2.table(ec2.vpc("10.3.0.0/16"))

    def code(operation: str = "CreateRoute", destination: str = "10.2.0.0/16", **members: str) -> str:
        request = {"RouteTableId": table, "DestinationCidrBlock": destination, **members}
        return ec2.code(operation, **request)

    assert code() == "MissingParameter"
    assert code(VpcPeeringConnectionId=peering, GatewayId="igw-0") == "InvalidParameterCombination"
    assert code(VpcPeeringConnectionId="pcx-0") == "InvalidVpcPeeringConnectionID.NotFound"
    assert code(GatewayId="igw-0") == "InvalidGatewayID.NotFound"
    assert code(GatewayId="local") == "InvalidParameterValue"
    assert code(NatGatewayId="nat-0") == "UnsupportedOperation"
    assert code(destination="10.1.0.0/16", VpcPeeringConnectionId=peering) == "RouteAlreadyExists"
    assert code(destination="10.1.3.0/24", VpcPeeringConnectionId=peering) == "InvalidParameterValue"
    assert code(RouteTableId="rtb-0", VpcPeeringConnectionId=peering) == "InvalidRouteTableID.NotFound"
    assert code(RouteTableId=foreign, VpcPeeringConnectionId=peering) == "InvalidParameterValue"
    assert code("DeleteRoute", "10.1.0.0/16") == "InvalidParameterValue"
    assert code("ReplaceRoute", VpcPeeringConnectionId=peering) == "InvalidRoute.NotFound"
    for number in range(ROUTES_PER_TABLE):
        destination = f"10.4.{number // 8}.{number % 8 * 32}/27"
        ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock=destination, VpcPeeringConnectionId=peering)
    assert code(VpcPeeringConnectionId=peering) == "RouteLimitExceeded"


def test_a_gateway_is_made_attached_routed_to_and_deleted(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    table, default = ec2.table(vpc), {"DestinationCidrBlock": "0.0.0.0/0"}
    gateway = ec2("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    own = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert ec2.code("DetachInternetGateway", **own) == "Gateway.NotAttached"
    assert ec2.code("CreateRoute", RouteTableId=table, **default, GatewayId=gateway) == "InvalidParameterValue"
    ec2("AttachInternetGateway", **own)
    assert ec2.code("AttachInternetGateway", **own) == "Resource.AlreadyAssociated"
    second = ec2("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    assert ec2.code("AttachInternetGateway", InternetGatewayId=second, VpcId=vpc) == "InvalidParameterValue"
    ec2("CreateRoute", RouteTableId=table, **default, GatewayId=gateway)
    assert routes(ec2, table)[1] == ("0.0.0.0/0", gateway, "active")
    assert ec2.code("CreateRoute", RouteTableId=table, **default, GatewayId=gateway) == "RouteAlreadyExists"
    assert ec2.code("DeleteInternetGateway", InternetGatewayId=gateway) == "DependencyViolation"
    assert ec2.code("DeleteVpc", VpcId=vpc) == "DependencyViolation"
    put_broker(ec2, ec2.subnet(vpc), ec2.group(vpc))
    assert ec2.code("DetachInternetGateway", **own) == "DependencyViolation"
    account = ec2.account
    network = interfaces.detach(account.control.network, "tokyo")
    account.keep(Control(account=account.control.account, network=network), account.records)
    ec2("DetachInternetGateway", **own)
    assert routes(ec2, table)[1][2] == "blackhole"
    ec2("DeleteInternetGateway", InternetGatewayId=gateway)
    assert ec2.code("DeleteInternetGateway", InternetGatewayId=gateway) == "InvalidInternetGatewayID.NotFound"
    ec2("DeleteRoute", RouteTableId=table, **default)
    for _ in range(3):
        ec2("CreateInternetGateway")
    assert ec2.code("CreateInternetGateway") == "InternetGatewayLimitExceeded"


def test_a_route_is_replaced_by_another_target_of_either_kind(ec2: Ec2) -> None:
    one, other, third = ec2.vpc(), ec2.vpc("10.2.0.0/16", SINGAPORE), ec2.vpc("10.3.0.0/16", SINGAPORE)
    table, first, second = ec2.table(one), ec2.peering(one, other), ec2.peering(one, third)
    gateway = ec2("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=one)
    route = {"RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16"}
    ec2("CreateRoute", **route, VpcPeeringConnectionId=first)
    for target in ({"VpcPeeringConnectionId": second}, {"GatewayId": gateway}, {"VpcPeeringConnectionId": first}):
        ec2("ReplaceRoute", **route, **target)
        (found,) = routes(ec2, table)[1:]
        assert found[:2] == ("10.9.0.0/16", *target.values())


def test_a_broker_has_a_network_interface(ec2: Ec2) -> None:
    vpc = ec2.vpc()
    subnet, group = ec2.subnet(vpc), ec2.group(vpc)
    put_broker(ec2, subnet, group)
    (interface,) = ec2("DescribeNetworkInterfaces", Filters=[{"Name": "group-id", "Values": [group]}])[
        "NetworkInterfaces"
    ]
    assert (interface["SubnetId"], interface["PrivateIpAddress"]) == (subnet, "10.1.0.4")
    assert interface["Groups"] == [{"GroupId": group, "GroupName": "mq"}]
    wanted = [{"Name": "subnet-id", "Values": ["subnet-0"]}]
    assert ec2("DescribeNetworkInterfaces", Filters=wanted)["NetworkInterfaces"] == []
    assert ec2("DescribeNetworkInterfaces", SINGAPORE)["NetworkInterfaces"] == []
    assert ec2.code("DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-0"]) == "InvalidNetworkInterfaceID.NotFound"
    (found,) = ec2("DescribeSubnets", SubnetIds=[subnet])["Subnets"]
    assert found["AvailableIpAddressCount"] == 250

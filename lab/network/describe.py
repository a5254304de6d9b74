"""EC2's answers about a Network, with the keys of its API: peerings, route tables, security groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lab.network.vpc import Network, Peering, PeeringState, Protocol, Rule, SecurityGroup


def describe_peering(network: Network, peering: Peering) -> dict[str, Any]:
    """Return a peering as DescribeVpcPeeringConnections does; a VPC's id is its region's name."""
    return {
        "VpcPeeringConnectionId": peering.id,
        "Name": peering.name,
        "RequesterVpcInfo": _vpc(network, peering.requester),
        "AccepterVpcInfo": _vpc(network, peering.accepter),
        "Status": {"Code": str(peering.state)},
    }


def describe_route_table(network: Network, name: str) -> dict[str, Any]:
    """Return a route table as DescribeRouteTables does."""
    table = network.route_table(name)
    local = [
        {"DestinationCidrBlock": str(cidr), "GatewayId": "local", "State": "active"}
        for cidr in network.vpc(table.vpc).cidrs
    ]
    return {
        "RouteTableId": table.name,
        "VpcId": table.vpc,
        "Routes": [
            *local,
            *(
                {
                    "DestinationCidrBlock": str(route.destination),
                    "VpcPeeringConnectionId": route.peering,
                    "State": route_state(network, route.peering),
                }
                for route in table.routes
            ),
        ],
    }


def describe_security_group(group: SecurityGroup) -> dict[str, Any]:
    """Return a security group as DescribeSecurityGroups does."""
    return {
        "GroupName": group.name,
        "VpcId": group.vpc,
        "IpPermissions": _permissions(group.inbound),
        "IpPermissionsEgress": _permissions(group.outbound),
    }


def route_state(network: Network, peering: str) -> str:
    """Return the state of a route to a peering: `active`, or `blackhole` unless the peering is active."""
    return "active" if network.peering(peering).state is PeeringState.ACTIVE else "blackhole"


def _vpc(network: Network, name: str) -> dict[str, Any]:
    vpc = network.vpc(name)
    return {"VpcId": vpc.name, "Region": vpc.aws_region, "CidrBlock": str(vpc.cidrs[0])}


def _permissions(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [
        {
            "IpProtocol": "-1" if rule.protocol is Protocol.ALL else str(rule.protocol),
            **(
                {"FromPort": rule.ports[0], "ToPort": rule.ports[1]}
                if rule.protocol in (Protocol.TCP, Protocol.UDP)
                else {}
            ),
            "IpRanges": [] if rule.cidr is None else [{"CidrIp": str(rule.cidr)}],
            **({"Ipv6Ranges": [{"CidrIpv6": rule.ipv6}]} if rule.ipv6 else {}),
            "UserIdGroupPairs": [{"GroupName": rule.group}] if rule.group else [],
        }
        for rule in rules
    ]

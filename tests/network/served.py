"""A Network that is made by requests alone: VPCs, subnets, tables and groups with AWS's ids."""

from __future__ import annotations

from ipaddress import IPv4Network

from lab.network import security_groups, subnets, vpcs
from lab.network.vpc import Network

TOKYO, SINGAPORE = "ap-northeast-1", "ap-southeast-1"


def block(text: str) -> IPv4Network:
    return IPv4Network(text)


def two_vpcs() -> Network:
    """Return a VPC in Tokyo with a subnet and a group, and one in Singapore."""
    network = vpcs.create(Network(), name="vpc-a", aws_region=TOKYO, cidr=block("10.1.0.0/16"))
    network = vpcs.create(network, name="vpc-b", aws_region=SINGAPORE, cidr=block("10.2.0.0/16"))
    network = subnets.create(network, name="subnet-a", vpc="vpc-a", cidr=block("10.1.0.0/24"))
    return security_groups.create(network, name="sg-a", vpc="vpc-a", group_name="mq")

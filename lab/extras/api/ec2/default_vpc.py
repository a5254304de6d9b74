"""The default VPC of a region: a network that every account of AWS has there. It is made with the first call."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from lab.extras.api.ec2.ec2_records import Ec2Records, GatewayFacts, SubnetFacts, VpcFacts, added
from lab.extras.api.records import Records
from lab.extras.api.served_account import ServedAccount
from lab.network import subnets, vpcs
from lab.network.ids import DIGITS, derived_id
from lab.network.route_tables import main_table
from lab.network.security_groups import DEFAULT
from lab.network.vpc import ANYWHERE, Network, Subnet, Vpc
from lab.network.zones import zones
from lab.plan.control import Control

BLOCK = IPv4Network("172.31.0.0/16")
_SUBNET_PREFIX = 20


def open_region(account: ServedAccount, region: str) -> None:
    """Make the default VPC of a region, unless the region has had one."""
    if region in account.records.ec2.regions:
        return

    def opened(control: Control, records: Records) -> tuple[Control, Records]:
        name = f"vpc-{secrets.token_hex(DIGITS)[:DIGITS]}"
        network, ec2 = _made(control.network, records.ec2, region, name)
        return replace(control, network=network), replace(records, ec2=ec2)

    account.change(opened, f"the default VPC of {region} is there")


def default_vpc(account: ServedAccount, region: str) -> Vpc | None:
    """Return the default VPC of a region; None if it was deleted."""
    open_region(account, region)
    facts = account.records.ec2.vpcs
    found = (
        each
        for each in account.control.network.vpcs
        if each.aws_region == region and each.name in facts and facts[each.name].default
    )
    return next(found, None)


def default_subnets(account: ServedAccount, region: str) -> Sequence[Subnet]:
    """Return the subnets of a region's default VPC, in the order of their zones."""
    vpc, facts = default_vpc(account, region), account.records.ec2.subnets
    return [
        each
        for each in account.control.network.subnets
        if vpc is not None and each.vpc == vpc.name and each.name in facts and facts[each.name].default
    ]


def default_group(network: Network, vpc: str) -> str:
    """Return the id of a VPC's default group."""
    return next(each.name for each in network.groups if each.vpc == vpc and each.group_name == DEFAULT)


def _made(network: Network, records: Ec2Records, region: str, name: str) -> tuple[Network, Ec2Records]:
    network = vpcs.create(network, name=name, aws_region=region, cidr=BLOCK)
    facts = dict(records.subnets)
    for zone, cidr in zip(zones(region), BLOCK.subnets(new_prefix=_SUBNET_PREFIX), strict=False):
        subnet = derived_id("subnet", name, zone)
        network = subnets.create(network, name=subnet, vpc=name, cidr=cidr)
        facts[subnet] = SubnetFacts(zone=zone, default=True, public=True)
    gateway, table = derived_id("igw", name), main_table(network, name).name
    return network, replace(
        records,
        regions=(*records.regions, region),
        vpcs=added(records.vpcs, name, VpcFacts(default=True, dns_hostnames=True)),
        subnets=facts,
        gateways=added(records.gateways, gateway, GatewayFacts(region=region, vpc=name)),
        gateway_routes=added(records.gateway_routes, table, {str(ANYWHERE): gateway}),
    )

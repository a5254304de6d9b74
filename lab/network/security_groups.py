"""The verbs of security groups, as functions Network → Network; each raises InputError with AWS's refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from lab.errors import InputError
from lab.network.vpc import MOST_GROUPS, MOST_RULES, Network, Protocol, Rule, SecurityGroup

Way = Literal["inbound", "outbound"]
_TAKER = {"broker": "Amazon MQ", "host": "EC2"}


def check_rule(network: Network, group: SecurityGroup, rule: Rule) -> None:
    """Raise InputError if AWS would refuse a rule in a group."""
    first, last = rule.ports
    if rule.protocol in (Protocol.TCP, Protocol.UDP) and not 0 <= first <= last <= 65535:
        if first > last:
            raise InputError.of(
                f"InvalidParameterValue: Invalid port range {first}-{last}: it ends before it begins",
                f"write {last}-{first}",
            )
        raise InputError.of(f"InvalidParameterValue: TCP/UDP port ({last}) out of range", "ports are 0 to 65535")
    if rule.group:
        own, other = network.vpc(group.vpc), network.vpc(network.group(rule.group).vpc)
        if own.aws_region != other.aws_region:
            whose = ", ".join(f"{each.address}/32" for each in network.interfaces if rule.group in each.groups)
            raise InputError.of(
                f"InvalidGroup.NotFound: You have specified two resources that belong to different networks: "
                f"{group.name} is in {own.aws_region}, {rule.group} in {other.aws_region}",
                f"across regions a rule names addresses: write {whose or other.cidrs[0]}",
            )
        if own != other and not _are_peered(network, own.name, other.name):
            raise InputError.of(
                f"InvalidGroup.NotFound: {rule.group} is in the VPC {other.name}, which is not peered with {own.name}",
                "write addresses, or accept a peering first",
            )


def authorize(network: Network, group: str, rule: Rule, *, way: Way = "inbound") -> Network:
    """Return the Network with a rule added to a group; it holds at once."""
    found = network.group(group)
    check_rule(network, found, rule)
    rules: tuple[Rule, ...] = getattr(found, way)
    if rule in rules:
        raise InputError.of(
            f'InvalidPermission.Duplicate: the specified rule "peer: {rule.peer}, {rule.allowed.upper()}, ALLOW" '
            "already exists",
            f"{group} allows it already: remove this one",
        )
    if len(rules) >= MOST_RULES:
        raise InputError.of(
            f"RulesPerSecurityGroupLimitExceeded: {group} has {MOST_RULES} {way} rules", "use another group"
        )
    return network.with_group(_with_rules(found, way, (*rules, rule)))


def revoke(network: Network, group: str, rule: Rule, *, way: Way = "inbound") -> Network:
    """Return the Network with a rule removed from a group; connections that it let in go on."""
    found = network.group(group)
    rules: tuple[Rule, ...] = getattr(found, way)
    if rule not in rules:
        its = "; ".join(map(str, rules)) or "none"
        raise InputError.of(
            f"InvalidPermission.NotFound: The specified rule does not exist in this security group: {rule}",
            f"{way} rules of {group}: {its}",
        )
    return network.with_group(_with_rules(found, way, tuple(each for each in rules if each != rule)))


def check_groups(network: Network, vpc: str, groups: Sequence[str], *, owner: str = "broker") -> None:
    """Raise InputError if a broker, or a host, in a VPC cannot have these security groups."""
    if len(groups) > MOST_GROUPS:
        raise InputError.of(
            f"{len(groups)} security groups: {_TAKER[owner]} takes at most {MOST_GROUPS} a {owner}",
            "put their rules into one",
        )
    for name in groups:
        if list(groups).count(name) > 1:
            raise InputError.of(f"the security group {name} is named twice", "remove one")
        if (its := network.group(name).vpc) != vpc:
            raise InputError.of(
                f"InvalidGroup.NotFound: You have specified two resources that belong to different networks: "
                f"{name} is {its}'s, the {owner} is in {vpc}",
                f"groups of {vpc}: {', '.join(each.name for each in network.groups if each.vpc == vpc)}",
            )


def set_groups(network: Network, broker: str, groups: Sequence[str]) -> Network:
    """Return the Network with other security groups on a broker's instances; the caller decides when that happens."""
    interfaces = network.of_broker(broker)
    if not interfaces:
        raise InputError.of(f"there is no broker {broker} in this network")
    for each in interfaces:
        check_groups(network, each.vpc, groups)
        network = network.with_interface(replace(each, groups=tuple(groups)))
    return network


def _with_rules(group: SecurityGroup, way: Way, rules: tuple[Rule, ...]) -> SecurityGroup:
    return replace(group, inbound=rules) if way == "inbound" else replace(group, outbound=rules)


def _are_peered(network: Network, one: str, other: str) -> bool:
    return any(each.state == "active" and each.vpcs == {one, other} for each in network.peerings)

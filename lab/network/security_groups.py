"""The verbs of security groups, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Literal

from lab.errors import InputError, Refused
from lab.network.ids import derived_id
from lab.network.quotas import RULES_PER_DIRECTION, SECURITY_GROUPS_PER_INTERFACE, SECURITY_GROUPS_PER_REGION
from lab.network.refusals import refused
from lab.network.vpc import Network, Protocol, Rule, SecurityGroup

Way = Literal["inbound", "outbound"]
DEFAULT = "default"  # the name of the group that comes with a VPC, and goes with it
_TAKER = {"broker": "Amazon MQ", "host": "EC2"}


def check_rule(network: Network, group: SecurityGroup, rule: Rule) -> None:
    """Raise InputError if AWS would refuse a rule in a group."""
    first, last = rule.ports
    if rule.protocol in (Protocol.TCP, Protocol.UDP) and not 0 <= first <= last <= 65535:
        if first > last:
            raise refused(
                "InvalidParameterValue",
                f"Invalid port range {first}-{last}: it ends before it begins",
                f"write {last}-{first}",
            )
        raise refused("InvalidParameterValue", f"TCP/UDP port ({last}) out of range", "ports are 0 to 65535")
    if rule.group:
        own, other = network.vpc(group.vpc), network.vpc(network.group(rule.group).vpc)
        if own.aws_region != other.aws_region:
            whose = ", ".join(f"{each.address}/32" for each in network.interfaces if rule.group in each.groups)
            raise refused(
                "InvalidGroup.NotFound",
                f"You have specified two resources that belong to different networks: "
                f"{group.name} is in {own.aws_region}, {rule.group} in {other.aws_region}",
                f"across regions a rule names addresses: write {whose or other.cidrs[0]}",
            )
        if own != other and not _are_peered(network, own.name, other.name):
            raise refused(
                "InvalidGroup.NotFound",
                f"{rule.group} is in the VPC {other.name}, which is not peered with {own.name}",
                "write addresses, or accept a peering first",
            )


def create(network: Network, *, name: str, vpc: str, group_name: str) -> Network:
    """Return the Network with a group added that lets nothing in and everything out; `name` is its id."""
    around = network.vpc(vpc)
    if any(each.vpc == around.name and (each.group_name or each.name) == group_name for each in network.groups):
        raise refused(
            "InvalidGroup.Duplicate",
            f"The security group '{group_name}' already exists for VPC '{vpc}'",
            "use the existing group, or write another GroupName",
        )
    here = {each.name for each in network.vpcs if each.aws_region == around.aws_region}
    if sum(each.vpc in here for each in network.groups) >= SECURITY_GROUPS_PER_REGION:
        raise refused(
            "SecurityGroupLimitExceeded",
            "The maximum number of security groups has been reached.",
            f"delete one of the {SECURITY_GROUPS_PER_REGION} groups of {around.aws_region}",
        )
    made = with_ids(SecurityGroup(name=name, vpc=around.name, group_name=group_name))
    return replace(network, groups=(*network.groups, made))


def delete(network: Network, name: str) -> Network:
    """Return the Network without a group; the default group, and a group in use, are refused."""
    group = network.group(name)
    if group.group_name == DEFAULT:
        raise refused(
            "CannotDelete",
            f'the specified group: "{name}" name: "default" cannot be deleted by a user',
            "delete its VPC",
        )
    users = [each.owner for each in network.interfaces if group.name in each.groups]
    naming = [
        each.name
        for each in network.groups
        if each != group and any(rule.group == group.name for rule in (*each.inbound, *each.outbound))
    ]
    if users or naming:
        raise refused(
            "DependencyViolation",
            f"resource {name} has a dependent object",
            f"delete first: {', '.join(dict.fromkeys(users))}"
            if users
            else f"first revoke the rules on it in {', '.join(naming)}",
        )
    return replace(network, groups=tuple(each for each in network.groups if each != group))


def authorize(network: Network, group: str, rule: Rule, *, way: Way = "inbound") -> Network:
    """Return the Network with a rule added to a group; it holds at once."""
    found = network.group(group)
    check_rule(network, found, rule)
    rules: tuple[Rule, ...] = getattr(found, way)
    if rule in rules:
        raise _duplicate(group, rule)
    if len(rules) >= RULES_PER_DIRECTION:
        raise refused(
            "RulesPerSecurityGroupLimitExceeded", f"{group} has {RULES_PER_DIRECTION} {way} rules", "use another group"
        )
    return network.with_group(_with_rules(found, way, (*rules, _with_id(found, way, rule))))


def revoke(network: Network, group: str, rule: Rule, *, way: Way = "inbound") -> Network:
    """Return the Network with a rule removed from a group; connections that it let in go on."""
    found = network.group(group)
    rules: tuple[Rule, ...] = getattr(found, way)
    if rule not in rules:
        its = "; ".join(map(str, rules)) or "none"
        raise refused(
            "InvalidPermission.NotFound",
            f"The specified rule does not exist in this security group: {rule}",
            f"{way} rules of {group}: {its}",
        )
    return network.with_group(_with_rules(found, way, tuple(each for each in rules if each != rule)))


def modify(network: Network, group: str, rule_id: str, rule: Rule) -> Network:
    """Return the Network with another rule in the place of a group's rule, which keeps its id."""
    changed = network.group(group)
    for way in ("inbound", "outbound"):
        rules: tuple[Rule, ...] = getattr(changed, way)
        if any(each.id == rule_id for each in rules):
            check_rule(network, changed, rule)
            if any(each.id != rule_id and each == rule for each in rules):
                raise _duplicate(group, rule)
            kept = tuple(replace(rule, id=rule_id) if each.id == rule_id else each for each in rules)
            return network.with_group(_with_rules(changed, way, kept))
    raise refused(
        "InvalidSecurityGroupRuleId.NotFound",
        f"The security group rule ID '{rule_id}' does not exist",
        f"rules of {group}: {', '.join(each.id for each in (*changed.inbound, *changed.outbound)) or 'none'}",
    )


def with_ids(group: SecurityGroup) -> SecurityGroup:
    """Return a group whose rules all have an id."""
    empty = replace(group, inbound=(), outbound=())
    for way in ("inbound", "outbound"):
        for rule in getattr(group, way):
            empty = _with_rules(empty, way, (*getattr(empty, way), _with_id(empty, way, rule)))
    return empty


def check_groups(network: Network, vpc: str, groups: Sequence[str], *, owner: str = "broker") -> None:
    """Raise InputError if a broker, or a host, in a VPC cannot have these security groups."""
    if len(groups) > SECURITY_GROUPS_PER_INTERFACE:
        raise InputError.of(
            f"{len(groups)} security groups: {_TAKER[owner]} takes at most {SECURITY_GROUPS_PER_INTERFACE} a {owner}",
            "put their rules into one group",
        )
    for name in groups:
        if list(groups).count(name) > 1:
            raise InputError.of(f"the security group {name} is named twice", "remove one")
        if (its := network.group(name).vpc) != vpc:
            raise refused(
                "InvalidGroup.NotFound",
                f"You have specified two resources that belong to different networks: "
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


def _duplicate(group: str, rule: Rule) -> Refused:
    return refused(
        "InvalidPermission.Duplicate",
        f'the specified rule "peer: {rule.peer}, {rule.allowed.upper()}, ALLOW" already exists',
        f"{group} has this rule already: remove the second one",
    )


def _with_id(group: SecurityGroup, way: Way, rule: Rule) -> Rule:
    """Return a rule with its id, or with one that no other rule of the group has."""
    taken = {each.id for each in (*group.inbound, *group.outbound)}
    made = (derived_id("sgr", group.name, way, rule, number) for number in count())
    return replace(rule, id=rule.id or next(each for each in made if each not in taken))


def _with_rules(group: SecurityGroup, way: Way, rules: tuple[Rule, ...]) -> SecurityGroup:
    return replace(group, inbound=rules) if way == "inbound" else replace(group, outbound=rules)


def _are_peered(network: Network, one: str, other: str) -> bool:
    return any(each.state == "active" and each.vpcs == {one, other} for each in network.peerings)

"""The rules of security groups: authorized, revoked, modified, and described with their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lab.declare.steps.network import AuthorizeIngress, RevokeIngress
from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, removed
from lab.extras.api.ec2.filters import chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, change, required, takes
from lab.extras.api.ec2.lookups import group_in, groups_in
from lab.extras.api.ec2.permissions import AskedRule, asked_rules, rule_answer, rule_of, unknown_permission
from lab.extras.api.ec2.security_groups import asked_group
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import security_groups
from lab.network.refusals import refused
from lab.network.security_groups import Way
from lab.network.vpc import ALL_PORTS, Network, Protocol, Rule, SecurityGroup

_MEMBERS = (
    "CidrIp",
    "FromPort",
    "GroupId",
    "IpPermissions",
    "IpProtocol",
    "SourceSecurityGroupName",
    "ToPort",
)
_INGRESS = ("GroupName", *_MEMBERS)
_FILTERS = {"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"}


@takes("TagSpecifications", *_INGRESS)
def authorize_security_group_ingress(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Add inbound rules to a group: all of a request, or none."""
    return _authorize(account, call, request, "inbound")


@takes("TagSpecifications", *_MEMBERS)
def authorize_security_group_egress(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Add outbound rules to a group: all of a request, or none."""
    return _authorize(account, call, request, "outbound")


@takes("SecurityGroupRuleIds", *_INGRESS)
def revoke_security_group_ingress(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Remove inbound rules from a group: all of a request, or none."""
    return _revoke(account, call, request, "inbound")


@takes("SecurityGroupRuleIds", *_MEMBERS)
def revoke_security_group_egress(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Remove outbound rules from a group: all of a request, or none."""
    return _revoke(account, call, request, "outbound")


@takes("GroupId", "SecurityGroupRules")
def modify_security_group_rules(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Replace the permissions of rules of a group; they keep their ids."""
    group = group_in(account, call, required(request, "GroupId")).name
    updates = {
        each.get("SecurityGroupRuleId") or "": rule_of(account, each.get("SecurityGroupRule") or {})
        for each in required(request, "SecurityGroupRules")
    }

    def modified(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        for rule_id, asked in updates.items():
            network = security_groups.modify(network, group, rule_id, asked.rule)
        return network, _described(ec2, {rule_id: asked.description for rule_id, asked in updates.items()})

    change(account, modified)
    return {"Return": True}


@takes("Filters", "SecurityGroupRuleIds")
def describe_security_group_rules(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the rules of a region's groups."""
    rows = [
        row
        for group in groups_in(account, call)
        for rules, egress in ((group.inbound, False), (group.outbound, True))
        for row in _answers(account, call, group, rules, egress=egress)
    ]
    ids, code = request.get("SecurityGroupRuleIds"), "InvalidSecurityGroupRuleId.NotFound"
    listed = chosen(rows, ids, "SecurityGroupRuleId", code, "security group rule")
    return {"SecurityGroupRules": fitting(listed, request, _FILTERS)}


def _authorize(account: ServedAccount, call: Call, request: Request, way: Way) -> Answer:
    group = asked_group(account, call, request)
    tags = requested_tags(request, "security-group-rule")
    asked = asked_rules(account, call, request, group)
    if not asked:
        raise ApiRefused("MissingParameter", "The request must contain the parameter ipPermissions")

    def authorized(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        for each in asked:
            network = security_groups.authorize(network, group.name, each.rule, way=way)
        return network, ec2

    if way == "inbound" and all(_is_step(each.rule) for each in asked):
        authorized(account.control.network, account.records.ec2)  # refuses all before one is added
        for each in asked:
            account.do(AuthorizeIngress(group=group.name, description=each.description, **_fields(each.rule)))
    else:
        change(account, authorized)
    made = _same(account.control.network.group(group.name), way, [each.rule for each in asked])
    _keep_facts(account, call, made, asked, tags)
    return {
        "Return": True,
        "SecurityGroupRules": _answers(account, call, group, made, egress=way == "outbound"),
    }


def _revoke(account: ServedAccount, call: Call, request: Request, way: Way) -> Answer:
    group = asked_group(account, call, request)
    by_id = {rule.id: rule for rule in getattr(group, way)}
    ids: Sequence[str] = request.get("SecurityGroupRuleIds") or ()
    if missing := [each for each in ids if each not in by_id]:
        raise ApiRefused(
            "InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{missing[0]}' does not exist"
        )
    asked = [each.rule for each in asked_rules(account, call, request, group)]
    if not ids and not asked:
        raise ApiRefused("MissingParameter", "The request must contain the parameter ipPermissions")
    gone = list(dict.fromkeys([*(by_id[each] for each in ids), *_same(group, way, asked)]))
    unknown = [rule for rule in asked if rule not in getattr(group, way)]
    _check_unknown(account, group, unknown)

    def revoked(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        for rule in gone:
            network = security_groups.revoke(network, group.name, rule, way=way)
        return network, ec2

    answers = _answers(account, call, group, gone, egress=way == "outbound")
    if way == "inbound" and all(_is_step(rule) for rule in gone):
        for rule in gone:
            account.do(RevokeIngress(group=group.name, **_fields(rule)))
    elif gone:
        change(account, revoked)
    _forget_facts(account, call, [rule.id for rule in gone])
    return {
        "Return": True,
        "UnknownIpPermissions": [unknown_permission(rule, call) for rule in unknown],
        "RevokedSecurityGroupRules": [_revoked(row) for row in answers],
    }


def _check_unknown(account: ServedAccount, group: SecurityGroup, unknown: Iterable[Rule]) -> None:
    """Refuse rules that are not there, as AWS does outside a default VPC; for IPv6 it never does."""
    facts = account.records.ec2.vpcs.get(group.vpc)
    if facts is not None and facts.default:
        return
    for rule in unknown:
        if not rule.ipv6:
            raise refused(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
                f"{group.name} has no rule {rule}",
            )


def _is_step(rule: Rule) -> bool:
    """Return whether the verb that scenarios have can do a rule."""
    return not rule.ipv6 and (rule.protocol is not Protocol.ICMP or rule.ports == ALL_PORTS)


def _fields(rule: Rule) -> dict[str, object]:
    """Return a rule as the fields of a step."""
    fields: dict[str, object] = {"protocol": rule.protocol}
    if rule.protocol in (Protocol.TCP, Protocol.UDP):
        fields["port"] = rule.ports
    return fields | ({"from_group": rule.group} if rule.group else {"from": str(rule.cidr)})


def _same(group: SecurityGroup, way: Way, rules: Sequence[Rule]) -> list[Rule]:
    """Return a group's own rules that permit the same, with their ids."""
    own: Sequence[Rule] = getattr(group, way)
    return [own[own.index(rule)] for rule in rules if rule in own]


def _keep_facts(
    account: ServedAccount, call: Call, made: Sequence[Rule], asked: Sequence[AskedRule], tags: Mapping[str, str]
) -> None:
    descriptions = {rule.id: each.description for rule, each in zip(made, asked, strict=True)}
    if not tags and not any(descriptions.values()):
        return

    def kept(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        for rule in made:
            ec2 = tagged(ec2, call.region, rule.id, tags)
        return network, _described(ec2, descriptions)

    change(account, kept)


def _forget_facts(account: ServedAccount, call: Call, rules: Sequence[str]) -> None:
    ec2 = account.records.ec2
    if not any(each in ec2.descriptions or each in ec2.tags.get(call.region, {}) for each in rules):
        return
    after = untagged(replace(ec2, descriptions=removed(ec2.descriptions, *rules)), call.region, rules)
    change(account, lambda network, _: (network, after))


def _described(ec2: Ec2Records, descriptions: Mapping[str, str]) -> Ec2Records:
    kept = removed(ec2.descriptions, *descriptions)
    return replace(ec2, descriptions={**kept, **{name: text for name, text in descriptions.items() if text}})


def _answers(
    account: ServedAccount, call: Call, group: SecurityGroup, rules: Iterable[Rule], *, egress: bool
) -> list[Answer]:
    return [
        {
            **rule_answer(account, call, group, rule, egress=egress),
            "Tags": tags_of(account.records.ec2, call.region, rule.id),
        }
        for rule in rules
    ]


def _revoked(row: Answer) -> Answer:
    """Return a rule as a RevokedSecurityGroupRule, which has the group's id in a member of its own."""
    absent = ("GroupOwnerId", "SecurityGroupRuleArn", "Tags", "ReferencedGroupInfo")
    kept = {name: content for name, content in row.items() if name not in absent}
    if "ReferencedGroupInfo" in row:
        kept["ReferencedGroupId"] = row["ReferencedGroupInfo"]["GroupId"]
    return kept


OPERATIONS: Mapping[str, Handler] = {
    "AuthorizeSecurityGroupIngress": authorize_security_group_ingress,
    "AuthorizeSecurityGroupEgress": authorize_security_group_egress,
    "RevokeSecurityGroupIngress": revoke_security_group_ingress,
    "RevokeSecurityGroupEgress": revoke_security_group_egress,
    "ModifySecurityGroupRules": modify_security_group_rules,
    "DescribeSecurityGroupRules": describe_security_group_rules,
}

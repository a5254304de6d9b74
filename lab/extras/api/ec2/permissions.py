"""The forms of a group's rules in requests and answers: permissions, which join rules of the same ports, and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv6Network
from typing import Any

from lab.base.dataclass import dataclass
from lab.extras.api.call import Call
from lab.extras.api.ec2.handling import Answer, Request, block
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.vpc import ALL_PORTS, Protocol, Rule, SecurityGroup

_ALL_TYPES = (-1, -1)  # of ICMP
_LAST_TYPE = 255
_PROTOCOLS = {
    "-1": Protocol.ALL,
    "all": Protocol.ALL,
    "tcp": Protocol.TCP,
    "6": Protocol.TCP,
    "udp": Protocol.UDP,
    "17": Protocol.UDP,
    "icmp": Protocol.ICMP,
    "1": Protocol.ICMP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRule:
    """A rule of a request, with its description."""

    rule: Rule
    description: str = ""


def asked_rules(account: ServedAccount, call: Call, request: Request, group: SecurityGroup) -> list[AskedRule]:
    """Return the rules of a request, from its permissions or from its own members."""
    asked = [
        each
        for permission in request.get("IpPermissions") or _flat(request)
        for each in _rules(account, call, permission, group)
    ]
    rules = [each.rule for each in asked]
    if len(set(rules)) < len(rules):
        raise ApiRefused("InvalidParameterValue", "The same permission must not appear multiple times")
    return asked


def rule_of(account: ServedAccount, fields: Mapping[str, Any]) -> AskedRule:
    """Return the rule of a SecurityGroupRuleRequest."""
    protocol, ports = _ports(fields)
    description = fields.get("Description") or ""
    if fields.get("CidrIpv4"):
        return _to_block(protocol, ports, fields["CidrIpv4"], description)
    if fields.get("CidrIpv6"):
        return _to_ipv6(protocol, ports, fields["CidrIpv6"], description)
    if fields.get("ReferencedGroupId"):
        return _to_group(account, protocol, ports, fields["ReferencedGroupId"], description)
    if fields.get("PrefixListId"):
        raise _no_prefix_list(fields["PrefixListId"])
    raise _no_peer()


def permissions(account: ServedAccount, call: Call, rules: Iterable[Rule]) -> list[Answer]:
    """Return rules as permissions, in the order of the first rule of each."""
    joined: dict[tuple[Protocol, tuple[int, int]], list[Rule]] = {}
    for rule in rules:
        joined.setdefault((rule.protocol, rule.ports), []).append(rule)
    return [_permission(account, call, members) for members in joined.values()]


def rule_answer(account: ServedAccount, call: Call, group: SecurityGroup, rule: Rule, *, egress: bool) -> Answer:
    """Return a rule as a SecurityGroupRule, without its tags."""
    first, last = _answered_ports(rule)
    answer: Answer = {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": f"arn:aws:ec2:{call.region}:{call.account_id}:security-group-rule/{rule.id}",
        "GroupId": group.name,
        "GroupOwnerId": call.account_id,
        "IsEgress": egress,
        "IpProtocol": _protocol_text(rule),
        "FromPort": first,
        "ToPort": last,
    }
    if rule.cidr is not None:
        answer["CidrIpv4"] = str(rule.cidr)
    elif rule.group:
        answer["ReferencedGroupInfo"] = {"GroupId": rule.group, "UserId": call.account_id}
    else:
        answer["CidrIpv6"] = rule.ipv6
    if text := account.records.ec2.descriptions.get(rule.id):
        answer["Description"] = text
    return answer


def unknown_permission(rule: Rule, call: Call) -> Answer:
    """Return a rule that no group has as a permission."""
    return {**_ends(rule), **_peers([(rule, "")], call)}


def _permission(account: ServedAccount, call: Call, rules: list[Rule]) -> Answer:
    descriptions = account.records.ec2.descriptions
    return {**_ends(rules[0]), **_peers([(rule, descriptions.get(rule.id, "")) for rule in rules], call)}


def _ends(rule: Rule) -> Answer:
    if rule.protocol is Protocol.ALL:
        return {"IpProtocol": "-1"}
    first, last = _answered_ports(rule)
    return {"IpProtocol": _protocol_text(rule), "FromPort": first, "ToPort": last}


def _peers(rules: Iterable[tuple[Rule, str]], call: Call) -> Answer:
    answer: dict[str, list[Answer]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    for rule, text in rules:
        described: Answer = {"Description": text} if text else {}
        if rule.cidr is not None:
            answer["IpRanges"].append({"CidrIp": str(rule.cidr), **described})
        elif rule.group:
            answer["UserIdGroupPairs"].append({"GroupId": rule.group, "UserId": call.account_id, **described})
        else:
            answer["Ipv6Ranges"].append({"CidrIpv6": rule.ipv6, **described})
    return dict(answer)


def _protocol_text(rule: Rule) -> str:
    return "-1" if rule.protocol is Protocol.ALL else str(rule.protocol)


def _answered_ports(rule: Rule) -> tuple[int, int]:
    portless = rule.protocol in (Protocol.ALL, Protocol.ICMP)
    return _ALL_TYPES if portless and rule.ports == ALL_PORTS else rule.ports


def _flat(request: Request) -> list[Mapping[str, Any]]:
    """Return the permission that the members of a request are, without IpPermissions."""
    if not request.get("IpProtocol"):
        return []
    source = request.get("SourceSecurityGroupName")
    return [
        {
            "IpProtocol": request["IpProtocol"],
            "FromPort": request.get("FromPort"),
            "ToPort": request.get("ToPort"),
            "IpRanges": [{"CidrIp": request["CidrIp"]}] if request.get("CidrIp") else [],
            "UserIdGroupPairs": [{"GroupName": source}] if source else [],
        }
    ]


def _rules(
    account: ServedAccount, call: Call, permission: Mapping[str, Any], group: SecurityGroup
) -> Iterator[AskedRule]:
    protocol, ports = _ports(permission)
    peers = 0
    for each in permission.get("IpRanges") or ():
        peers += 1
        yield _to_block(protocol, ports, each.get("CidrIp") or "", each.get("Description") or "")
    for each in permission.get("Ipv6Ranges") or ():
        peers += 1
        yield _to_ipv6(protocol, ports, each.get("CidrIpv6") or "", each.get("Description") or "")
    for each in permission.get("UserIdGroupPairs") or ():
        peers += 1
        if (owner := each.get("UserId") or call.account_id) != call.account_id:
            raise ApiRefused(
                "InvalidGroup.NotFound", f"mqlab serves one account, {call.account_id}: it has no groups of {owner}."
            )
        name = each.get("GroupId") or _named(account, group, each.get("GroupName") or "")
        yield _to_group(account, protocol, ports, name, each.get("Description") or "")
    for each in permission.get("PrefixListIds") or ():
        raise _no_prefix_list(each.get("PrefixListId") or "")
    if not peers:
        raise _no_peer()


def _named(account: ServedAccount, group: SecurityGroup, name: str) -> str:
    for each in account.control.network.groups:
        if each.vpc == group.vpc and name and each.group_name == name:
            return each.name
    raise ApiRefused("InvalidGroup.NotFound", f"The security group '{name}' does not exist in VPC '{group.vpc}'")


def _ports(fields: Mapping[str, Any]) -> tuple[Protocol, tuple[int, int]]:
    text = str(fields.get("IpProtocol") or "").lower()
    if not text:
        raise ApiRefused("MissingParameter", "The request must contain the parameter ipProtocol")
    if text not in _PROTOCOLS:
        raise ApiRefused(
            "InvalidParameterValue",
            f"Invalid value '{text}' for IP protocol. Unknown protocol. Write tcp, udp, icmp or -1.",
        )
    protocol, first, last = _PROTOCOLS[text], fields.get("FromPort"), fields.get("ToPort")
    if protocol is Protocol.ALL:
        return protocol, ALL_PORTS
    if protocol is Protocol.ICMP:
        types = (-1 if first is None else first, -1 if last is None else last)
        for number in types:
            if not -1 <= number <= _LAST_TYPE:
                raise ApiRefused("InvalidParameterValue", f"ICMP type or code ({number}) out of range")
        return protocol, ALL_PORTS if types == _ALL_TYPES else types
    if first is None or last is None:
        raise ApiRefused("InvalidParameterValue", "Must specify both from and to ports with TCP/UDP.")
    return protocol, (first, last)


def _to_block(protocol: Protocol, ports: tuple[int, int], cidr: str, description: str) -> AskedRule:
    return AskedRule(rule=Rule(protocol=protocol, ports=ports, cidr=block(cidr, "cidrIp")), description=description)


def _to_ipv6(protocol: Protocol, ports: tuple[int, int], cidr: str, description: str) -> AskedRule:
    try:
        network = IPv6Network(cidr, strict=False)
    except ValueError:
        raise ApiRefused("InvalidParameterValue", f"CIDR block {cidr} is malformed") from None
    return AskedRule(rule=Rule(protocol=protocol, ports=ports, ipv6=str(network)), description=description)


def _to_group(
    account: ServedAccount, protocol: Protocol, ports: tuple[int, int], name: str, description: str
) -> AskedRule:
    group = account.control.network.group(name).name
    return AskedRule(rule=Rule(protocol=protocol, ports=ports, group=group), description=description)


def _no_prefix_list(name: str) -> ApiRefused:
    return ApiRefused(
        "InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist: mqlab has no prefix lists."
    )


def _no_peer() -> ApiRefused:
    return ApiRefused(
        "MissingParameter", "A rule needs a CIDR block or a security group: write IpRanges or UserIdGroupPairs."
    )

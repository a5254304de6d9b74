"""Security groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab.extras.api.call import Call
from lab.extras.api.ec2.default_vpc import default_vpc
from lab.extras.api.ec2.ec2_records import Ec2Records, added, removed
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, change, new_id, required, takes
from lab.extras.api.ec2.lookups import group_in, groups_in, vpc_in
from lab.extras.api.ec2.permissions import permissions
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import security_groups
from lab.network.vpc import Network, SecurityGroup

_LONGEST = 255  # characters of a name and of a description
_PERMISSION_FILTERS = {
    "cidr": "IpRanges.CidrIp",
    "from-port": "FromPort",
    "group-id": "UserIdGroupPairs.GroupId",
    "ipv6-cidr": "Ipv6Ranges.CidrIpv6",
    "protocol": "IpProtocol",
    "to-port": "ToPort",
    "user-id": "UserIdGroupPairs.UserId",
}
_FILTERS = {
    "description": "Description",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
    **{f"ip-permission.{name}": f"IpPermissions.{path}" for name, path in _PERMISSION_FILTERS.items()},
    **{f"egress.ip-permission.{name}": f"IpPermissionsEgress.{path}" for name, path in _PERMISSION_FILTERS.items()},
    "ip-permission.group-name": ABSENT,
    "ip-permission.prefix-list-id": ABSENT,
    "egress.ip-permission.group-name": ABSENT,
    "egress.ip-permission.prefix-list-id": ABSENT,
}


@takes("Description", "GroupName", "TagSpecifications", "VpcId")
def create_security_group(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Create a group that lets nothing in and everything out."""
    group_name, description = required(request, "GroupName"), required(request, "Description")
    for member, text in (("GroupName", group_name), ("GroupDescription", description)):
        if len(text) > _LONGEST:
            raise ApiRefused("InvalidParameterValue", f"{member} has more than {_LONGEST} characters.")
    if group_name.startswith("sg-"):
        raise ApiRefused(
            "InvalidParameterValue",
            "Invalid security group name: a name must not begin with sg-, because ids do.",
        )
    tags, vpc, name = requested_tags(request, "security-group"), _vpc(account, call, request), new_id("sg")

    def made(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        network = security_groups.create(network, name=name, vpc=vpc, group_name=group_name)
        ec2 = replace(ec2, descriptions=added(ec2.descriptions, name, description))
        return network, tagged(ec2, call.region, name, tags)

    change(account, made)
    return {
        "GroupId": name,
        "SecurityGroupArn": _arn(call, name),
        "Tags": tags_of(account.records.ec2, call.region, name),
    }


@takes("Filters", "GroupIds", "GroupNames")
def describe_security_groups(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the groups of a region."""
    groups = groups_in(account, call)
    if names := request.get("GroupNames"):
        for name in names:
            named_group(account, call, name)
        default = default_vpc(account, call.region)
        groups = tuple(
            each for each in groups if default is not None and each.vpc == default.name and each.group_name in names
        )
    code, rows = "InvalidGroup.NotFound", [_answer(account, call, each) for each in groups]
    listed = chosen(rows, request.get("GroupIds"), "GroupId", code, "security group")
    return {"SecurityGroups": fitting(listed, request, _FILTERS)}


@takes("GroupId", "GroupName")
def delete_security_group(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a group that no broker has and no rule names."""
    group = asked_group(account, call, request)

    def gone(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        after = security_groups.delete(network, group.name)
        parts = (group.name, *(rule.id for rule in (*group.inbound, *group.outbound)))
        ec2 = replace(ec2, descriptions=removed(ec2.descriptions, *parts))
        return after, untagged(ec2, call.region, parts)

    change(account, gone)
    return {"Return": True, "GroupId": group.name}


def asked_group(account: ServedAccount, call: Call, request: Request) -> SecurityGroup:
    """Return the group of a request, by its id, or by its name in the default VPC."""
    if request.get("GroupId"):
        return group_in(account, call, request["GroupId"])
    if request.get("GroupName"):
        return named_group(account, call, request["GroupName"])
    raise ApiRefused("MissingParameter", "The request must contain the parameter groupName or groupId")


def named_group(account: ServedAccount, call: Call, name: str, vpc: str = "") -> SecurityGroup:
    """Return the group of a name in a VPC; default: the region's default VPC."""
    default = default_vpc(account, call.region)
    within = vpc or ("" if default is None else default.name)
    for each in groups_in(account, call):
        if each.vpc == within and each.group_name == name:
            return each
    where = f"VPC '{vpc}'" if vpc else "default VPC"
    raise ApiRefused("InvalidGroup.NotFound", f"The security group '{name}' does not exist in {where}")


def _vpc(account: ServedAccount, call: Call, request: Request) -> str:
    if request.get("VpcId"):
        return vpc_in(account, call, request["VpcId"]).name
    default = default_vpc(account, call.region)
    if default is None:
        raise ApiRefused("VPCIdNotSpecified", "No default VPC for this user. Write VpcId.")
    return default.name


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:ec2:{call.region}:{call.account_id}:security-group/{name}"


def _answer(account: ServedAccount, call: Call, group: SecurityGroup) -> Answer:
    ec2 = account.records.ec2
    return {
        "GroupId": group.name,
        "GroupName": group.group_name or group.name,
        "Description": ec2.descriptions.get(group.name, f"{group.group_name or group.name} VPC security group"),
        "OwnerId": call.account_id,
        "VpcId": group.vpc,
        "SecurityGroupArn": _arn(call, group.name),
        "IpPermissions": permissions(account, call, group.inbound),
        "IpPermissionsEgress": permissions(account, call, group.outbound),
        "Tags": tags_of(ec2, call.region, group.name),
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateSecurityGroup": create_security_group,
    "DescribeSecurityGroups": describe_security_groups,
    "DeleteSecurityGroup": delete_security_group,
}

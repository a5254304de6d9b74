"""Tags of VPCs, subnets, tables, peerings, groups, rules and gateways; a peering has its own in each region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, added, removed
from lab.extras.api.ec2.filters import fitting
from lab.extras.api.ec2.handling import Answer, Request, change, required, takes
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.ids import derived_id

MOST_TAGS = 50
_LONGEST_KEY, _LONGEST_TEXT = 128, 256  # characters
_TYPES = {  # by the prefix of an id
    "vpc": "vpc",
    "subnet": "subnet",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "pcx": "vpc-peering-connection",
    "igw": "internet-gateway",
    "acl": "network-acl",
}
_CODES = {
    "vpc": ("InvalidVpcID.NotFound", "vpc"),
    "subnet": ("InvalidSubnetID.NotFound", "subnet"),
    "rtb": ("InvalidRouteTableID.NotFound", "routeTable"),
    "sg": ("InvalidGroup.NotFound", "security group"),
    "sgr": ("InvalidSecurityGroupRuleId.NotFound", "security group rule"),
    "pcx": ("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection"),
    "igw": ("InvalidInternetGatewayID.NotFound", "internetGateway"),
    "acl": ("InvalidNetworkAclID.NotFound", "networkAcl"),
}
_FILTERS = {"key": "Key", "resource-id": "ResourceId", "resource-type": "ResourceType", "value": "Value"}


def tags_of(records: Ec2Records, region: str, resource: str) -> list[dict[str, str]]:
    """Return the tags of a resource as answers have them."""
    own = records.tags.get(region, {}).get(resource, {})
    return [{"Key": key, "Value": text} for key, text in sorted(own.items())]


def requested_tags(request: Request, kind: str) -> dict[str, str]:
    """Return the tags that a request gives to a new resource of a kind."""
    tags: dict[str, str] = {}
    for each in request.get("TagSpecifications") or ():
        if each.get("ResourceType") != kind:
            wrong = each.get("ResourceType")
            raise ApiRefused(
                "InvalidParameterValue", f"'{wrong}' is not a valid taggable resource type for this operation."
            )
        tags |= _checked(each.get("Tags") or ())
    return tags


def tagged(records: Ec2Records, region: str, resource: str, tags: Mapping[str, str]) -> Ec2Records:
    """Return the records with tags added to a resource."""
    here = records.tags.get(region, {})
    own = {**here.get(resource, {}), **tags}
    if len(own) > MOST_TAGS:
        raise ApiRefused("TagLimitExceeded", f"The maximum number of Tags for a resource has been reached: {MOST_TAGS}")
    if not own:
        return records
    return replace(records, tags=added(records.tags, region, added(here, resource, own)))


def untagged(records: Ec2Records, region: str, resources: Iterable[str]) -> Ec2Records:
    """Return the records without the tags of resources that are gone."""
    return replace(records, tags=added(records.tags, region, removed(records.tags.get(region, {}), *resources)))


@takes("Resources", "Tags")
def create_tags(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Add tags to resources."""
    resources, tags = required(request, "Resources"), _checked(required(request, "Tags"))
    for each in resources:
        _check_resource(account, call, each)
    records = account.records.ec2
    for each in resources:
        records = tagged(records, call.region, each, tags)
    change(account, lambda network, _: (network, records))
    return {}


@takes("Resources", "Tags")
def delete_tags(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Remove tags from resources: those of a key, or of a key and a text; without tags, all."""
    resources = required(request, "Resources")
    for each in resources:
        _check_resource(account, call, each)
    wanted = request.get("Tags") or ()
    records = account.records.ec2
    here = records.tags.get(call.region, {})
    for resource in resources:
        own = here.get(resource, {})
        gone = [
            key
            for key, text in own.items()
            if not wanted or any(each.get("Key") == key and each.get("Value", text) in (None, text) for each in wanted)
        ]
        here = added(here, resource, removed(own, *gone))
    after = replace(records, tags=added(records.tags, call.region, here))
    change(account, lambda network, _: (network, after))
    return {}


@takes("Filters")
def describe_tags(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the tags of a region."""
    rows = [
        {
            "ResourceId": resource,
            "ResourceType": _TYPES[_prefix(resource)],
            "Key": key,
            "Value": text,
            "Tags": [{"Key": key, "Value": text}],  # which the filter tag:KEY reads
        }
        for resource, tags in account.records.ec2.tags.get(call.region, {}).items()
        for key, text in sorted(tags.items())
    ]
    found = fitting(rows, request, _FILTERS)
    return {"Tags": [{name: text for name, text in row.items() if name != "Tags"} for row in found]}


def _checked(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    checked: dict[str, str] = {}
    for each in tags:
        key, text = each.get("Key") or "", each.get("Value") or ""
        if not key:
            raise ApiRefused("MissingParameter", "The request must contain the parameter Key of each tag")
        if key.startswith("aws:"):
            raise ApiRefused("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > _LONGEST_KEY or len(text) > _LONGEST_TEXT:
            raise ApiRefused(
                "InvalidParameterValue",
                f"A tag is too long: its key may have {_LONGEST_KEY} characters and its text {_LONGEST_TEXT}.",
            )
        checked[key] = text
    return checked


def _prefix(resource: str) -> str:
    return resource.partition("-")[0]


def _check_resource(account: ServedAccount, call: Call, resource: str) -> None:
    """Refuse a resource that the region does not have."""
    prefix = _prefix(resource)
    if prefix not in _CODES:
        raise ApiRefused("InvalidID", f"The ID '{resource}' is not valid")
    if resource not in _ids(account, call.region)[prefix]:
        code, kind = _CODES[prefix]
        raise ApiRefused(code, f"The {kind} ID '{resource}' does not exist")


def _ids(account: ServedAccount, region: str) -> dict[str, set[str]]:
    network, records = account.control.network, account.records.ec2
    here = {each.name for each in network.vpcs if each.aws_region == region}
    near = here | {name for name, each in records.deleted_vpcs.items() if each.region == region}
    groups = [each for each in network.groups if each.vpc in here]
    return {
        "vpc": here,
        "subnet": {each.name for each in network.subnets if each.vpc in here},
        "rtb": {each.name for each in network.route_tables if each.vpc in here},
        "sg": {each.name for each in groups},
        "sgr": {rule.id for each in groups for rule in (*each.inbound, *each.outbound)},
        "pcx": {each.id for each in network.peerings if each.vpcs & near},
        "igw": {name for name, each in records.gateways.items() if each.region == region},
        "acl": {derived_id("acl", name) for name in here},
    }


OPERATIONS: Mapping[str, Handler] = {
    "CreateTags": create_tags,
    "DeleteTags": delete_tags,
    "DescribeTags": describe_tags,
}

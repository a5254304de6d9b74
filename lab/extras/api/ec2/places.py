"""Regions, availability zones and attributes of the account."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api.call import Call
from lab.extras.api.ec2.default_vpc import default_vpc
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, takes
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network.quotas import SECURITY_GROUPS_PER_INTERFACE
from lab.network.regions import REGIONS, city
from lab.network.zones import zone_id, zones

_OPTED_IN = "opt-in-not-required"
_APART = ("cn-", "us-gov-")  # regions that accounts of the others do not have
_ZONE_FILTERS = {
    "group-long-name": "GroupLongName",
    "group-name": "GroupName",
    "message": ABSENT,
    "opt-in-status": "OptInStatus",
    "parent-zone-id": ABSENT,
    "parent-zone-name": ABSENT,
    "region-name": "RegionName",
    "state": "State",
    "zone-id": "ZoneId",
    "zone-name": "ZoneName",
    "zone-type": "ZoneType",
}
_REGION_FILTERS = {"endpoint": "Endpoint", "opt-in-status": "OptInStatus", "region-name": "RegionName"}


@takes("AllAvailabilityZones", "Filters", "ZoneIds", "ZoneNames")
def describe_availability_zones(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the zones of a region."""
    rows = [
        {
            "ZoneName": zone,
            "ZoneId": zone_id(zone),
            "ZoneType": "availability-zone",
            "RegionName": call.region,
            "GroupName": f"{call.region}-zg-1",
            "GroupLongName": f"{city(call.region)} 1",
            "NetworkBorderGroup": call.region,
            "OptInStatus": _OPTED_IN,
            "State": "available",
            "Messages": [],
        }
        for zone in zones(call.region)
    ]
    for member, row_member in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
        for name in request.get(member) or ():
            if name not in {row[row_member] for row in rows}:
                raise ApiRefused("InvalidParameterValue", f"Invalid availability zone: [{name}]")
    wanted = {*(request.get("ZoneNames") or ()), *(request.get("ZoneIds") or ())}
    named = [row for row in rows if not wanted or row["ZoneName"] in wanted or row["ZoneId"] in wanted]
    return {"AvailabilityZones": fitting(named, request, _ZONE_FILTERS)}


@takes("AllRegions", "Filters", "RegionNames")
def describe_regions(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the regions that the account has: all commercial ones, or the call's partition."""
    partition = next((each for each in _APART if call.region.startswith(each)), "")
    names = [name for name in REGIONS if name.startswith(partition or "") and (partition or not _is_apart(name))]
    domain = "amazonaws.com.cn" if partition == "cn-" else "amazonaws.com"
    rows = [
        {"RegionName": name, "Endpoint": f"ec2.{name}.{domain}", "OptInStatus": _OPTED_IN} for name in sorted(names)
    ]
    for name in request.get("RegionNames") or ():
        if name not in names:
            raise ApiRefused("InvalidParameterValue", f"Invalid region provided: [{name}]")
    listed = chosen(rows, request.get("RegionNames"), "RegionName", "InvalidParameterValue", "region")
    return {"Regions": fitting(listed, request, _REGION_FILTERS)}


@takes("AttributeNames")
def describe_account_attributes(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the attributes of the account in a region."""
    default = default_vpc(account, call.region)
    attributes = {
        "supported-platforms": "VPC",
        "default-vpc": "none" if default is None else default.name,
        "vpc-max-security-groups-per-interface": str(SECURITY_GROUPS_PER_INTERFACE),
    }
    wanted = request.get("AttributeNames") or list(attributes)
    if unknown := [name for name in wanted if name not in attributes]:
        raise ApiRefused(
            "InvalidParameterValue",
            f"Value ({unknown[0]}) for parameter attributeName is invalid. Write one of {', '.join(attributes)}.",
        )
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": attributes[name]}]} for name in wanted
        ]
    }


def _is_apart(name: str) -> bool:
    return name.startswith(_APART)


OPERATIONS: Mapping[str, Handler] = {
    "DescribeAvailabilityZones": describe_availability_zones,
    "DescribeRegions": describe_regions,
    "DescribeAccountAttributes": describe_account_attributes,
}

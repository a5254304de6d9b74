"""The default network ACL of each VPC, which lets all packets through."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api.call import Call
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, takes
from lab.extras.api.ec2.lookups import subnets_in, vpcs_in
from lab.extras.api.ec2.tags import tags_of
from lab.extras.api.handler import Handler
from lab.extras.api.served_account import ServedAccount
from lab.network.ids import derived_id
from lab.network.vpc import ANYWHERE, Vpc

_LAST_RULE = 32767  # which denies everything else
_FILTERS = {
    "association.association-id": "Associations.NetworkAclAssociationId",
    "association.network-acl-id": "Associations.NetworkAclId",
    "association.subnet-id": "Associations.SubnetId",
    "default": "IsDefault",
    "entry.cidr": "Entries.CidrBlock",
    "entry.egress": "Entries.Egress",
    "entry.icmp.code": ABSENT,
    "entry.icmp.type": ABSENT,
    "entry.ipv6-cidr": ABSENT,
    "entry.port-range.from": ABSENT,
    "entry.port-range.to": ABSENT,
    "entry.protocol": "Entries.Protocol",
    "entry.rule-action": "Entries.RuleAction",
    "entry.rule-number": "Entries.RuleNumber",
    "network-acl-id": "NetworkAclId",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
}


@takes("Filters", "NetworkAclIds")
def describe_network_acls(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the default ACL of each VPC of a region."""
    rows = [_acl(account, call, each) for each in vpcs_in(account, call)]
    ids, code = request.get("NetworkAclIds"), "InvalidNetworkAclID.NotFound"
    return {"NetworkAcls": fitting(chosen(rows, ids, "NetworkAclId", code, "networkAcl"), request, _FILTERS)}


def _acl(account: ServedAccount, call: Call, vpc: Vpc) -> Answer:
    name = derived_id("acl", vpc.name)
    entries = [
        {"CidrBlock": str(ANYWHERE), "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": number}
        for egress in (True, False)
        for number, action in ((100, "allow"), (_LAST_RULE, "deny"))
    ]
    associations = [
        {
            "NetworkAclAssociationId": derived_id("aclassoc", each.name),
            "NetworkAclId": name,
            "SubnetId": each.name,
        }
        for each in subnets_in(account, call)
        if each.vpc == vpc.name
    ]
    return {
        "NetworkAclId": name,
        "VpcId": vpc.name,
        "IsDefault": True,
        "OwnerId": call.account_id,
        "Entries": entries,
        "Associations": associations,
        "Tags": tags_of(account.records.ec2, call.region, name),
    }


OPERATIONS: Mapping[str, Handler] = {"DescribeNetworkAcls": describe_network_acls}

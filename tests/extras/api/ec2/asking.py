"""EC2's handlers called without HTTP: each answer is compared with the service's model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from lab.errors import InputError
from lab.extras.api.call import Call
from lab.extras.api.ec2.operations import OPERATIONS
from lab.extras.api.records_account import RecordsAccount
from lab.extras.api.refusals import refused
from lab.extras.api.refused import ApiRefused
from lab.extras.api.wire.models import Shape, models

TOKYO, SINGAPORE = "ap-northeast-1", "ap-southeast-1"
_TYPES = {"string": str, "integer": int, "long": int, "boolean": bool, "timestamp": datetime}
_BESIDE_THE_ENUM = "InternetGateways.Attachments.State"  # AWS answers `available`, which the model does not list


class Ec2:
    """EC2 of an account: a call is an operation with its request."""

    def __init__(self, account: RecordsAccount) -> None:
        self.account = account

    def __call__(self, operation: str, region: str = TOKYO, **request: Any) -> Mapping[str, Any]:
        call = Call(service="ec2", operation=operation, region=region, request_id="r")
        answer = OPERATIONS[operation](self.account.serve(call), call, request)
        shape = models()["ec2"].operations[operation].answer
        if shape is None:
            assert answer == {}
        else:
            check(answer, shape, operation)
        return answer

    def refusal(self, operation: str, region: str = TOKYO, **request: Any) -> ApiRefused:
        """Return the refusal of a request, as clients get it; it has changed nothing."""
        before = self.account.control, self.account.records
        with pytest.raises((ApiRefused, InputError)) as caught:
            self(operation, region, **request)
        if region in before[1].ec2.regions:
            assert (self.account.control, self.account.records) == before
        error = caught.value
        return error if isinstance(error, ApiRefused) else refused(error, "ec2")

    def code(self, operation: str, region: str = TOKYO, **request: Any) -> str:
        """Return the code of a refusal."""
        return self.refusal(operation, region, **request).code

    def vpc(self, cidr: str = "10.1.0.0/16", region: str = TOKYO) -> str:
        return str(self("CreateVpc", region, CidrBlock=cidr)["Vpc"]["VpcId"])

    def subnet(self, vpc: str, cidr: str = "10.1.0.0/24", region: str = TOKYO) -> str:
        return str(self("CreateSubnet", region, VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"])

    def table(self, vpc: str, region: str = TOKYO) -> str:
        return str(self("CreateRouteTable", region, VpcId=vpc)["RouteTable"]["RouteTableId"])

    def group(self, vpc: str, name: str = "mq", region: str = TOKYO) -> str:
        return str(self("CreateSecurityGroup", region, VpcId=vpc, GroupName=name, Description="d")["GroupId"])

    def peering(self, one: str, other: str, region: str = SINGAPORE) -> str:
        made = self("CreateVpcPeeringConnection", VpcId=one, PeerVpcId=other, PeerRegion=region)
        return str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])

    def state(self, peering: str, region: str = TOKYO) -> str:
        found = self("DescribeVpcPeeringConnections", region, VpcPeeringConnectionIds=[peering])
        return str(found["VpcPeeringConnections"][0]["Status"]["Code"])

    def ids(self, operation: str, region: str = TOKYO, **request: Any) -> list[str]:
        """Return the ids of the described parts, without those of the default VPC."""
        (rows,) = (rows for rows in self(operation, region, **request).values() if isinstance(rows, list))
        default = [vpc for vpc, facts in self.account.records.ec2.vpcs.items() if facts.default]
        return [next(iter(row.values())) for row in rows if row.get("VpcId") not in default]


def check(answer: Any, shape: Shape, place: str) -> None:
    """Raise AssertionError if an answer has a member or a type that the service's model does not have."""
    if shape.kind == "structure":
        assert isinstance(answer, Mapping), place
        for name, content in answer.items():
            assert name in shape.members, f"{place}.{name}"
            check(content, shape.members[name].shape, f"{place}.{name}")
    elif shape.kind == "list":
        assert isinstance(answer, list | tuple), place
        for content in answer:
            check(content, shape.content.shape, place)
    else:
        assert isinstance(answer, _TYPES[shape.kind]), f"{place}: {answer!r}"
        if shape.kind == "string" and shape.enum and not place.endswith(_BESIDE_THE_ENUM):
            assert answer.upper() in shape.enum, f"{place}: {answer}"

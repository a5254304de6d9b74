"""Terraform's requests of the article, as its AWS provider 5.46 sent them, in their order: apply, plan, destroy.

A line of `terraform/*.requests` is [region, operation, HTTP status, fields of the form, members of an answer that the
provider has accepted, or the code of its refusal]. A name in braces is an id that an earlier answer has made.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
from botocore.parsers import EC2QueryParser

from lab.extras.api.serving import ServedHere
from tests.extras.api.clients import SINGAPORE, TOKYO

_FOLDER = Path(__file__).parent / "terraform"
_CITY = {TOKYO: "tokyo", SINGAPORE: "singapore"}
_ABSENT_WHILE_PENDING = "VpcPeeringConnections.AccepterVpcInfo.", "VpcPeeringConnection.AccepterVpcInfo."
_MADE = {  # the member with the id that an operation makes
    "CreateVpc": ("vpc-{}", "Vpc.VpcId"),
    "CreateSubnet": ("subnet-{}", "Subnet.SubnetId"),
    "CreateRouteTable": ("table-{}", "RouteTable.RouteTableId"),
    "CreateSecurityGroup": ("group-{}", "GroupId"),
    "CreateVpcPeeringConnection": ("peering", "VpcPeeringConnection.VpcPeeringConnectionId"),
    "AssociateRouteTable": ("association", "AssociationId"),
}


class Replay:
    """A replay of recorded requests; ids of earlier answers are put in."""

    def __init__(self, api: ServedHere) -> None:
        self._api = api
        self._model = botocore.session.get_session().get_service_model("ec2")
        self.ids: dict[str, str] = {}

    def run(self, part: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Replay a part, compare each answer, and yield the operations with their answers."""
        for line in (_FOLDER / f"{part}.requests").read_text().splitlines():
            region, operation, status, fields, members = json.loads(line)
            for name, identifier in self.ids.items():
                fields = {key: text.replace(f"{{{name}}}", identifier) for key, text in fields.items()}
            got, answer = self._ask(region, operation, fields)
            assert got == status, (operation, answer)
            if status != 200:
                assert [answer["Error"]["Code"]] == members
                continue
            missing = set(members) - set(_members(answer)) - _pending(answer, members)
            assert not missing, (operation, missing)
            self._note(region, operation, answer)
            yield operation, answer

    def _ask(self, region: str, operation: str, fields: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        scope = f"Credential={self._api.access_key}/20261201/{region}/ec2/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
            "X-Amz-Date": "20261201T000000Z",
        }
        form = urllib.parse.urlencode({"Action": operation, "Version": "2016-11-15", **fields}).encode()
        request = urllib.request.Request(self._api.url, form, headers)
        try:
            with urllib.request.urlopen(request) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        shape = self._model.operation_model(operation).output_shape
        return status, EC2QueryParser().parse({"body": body, "headers": {}, "status_code": status}, shape)

    def _note(self, region: str, operation: str, answer: Mapping[str, Any]) -> None:
        city = _CITY[region]
        if operation in _MADE:
            name, path = _MADE[operation]
            content: Any = answer
            for member in path.split("."):
                content = content[member]
            self.ids[name.format(city)] = content
        if operation == "AuthorizeSecurityGroupIngress" and city == "singapore":
            self.ids["rule"] = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        for table in answer.get("RouteTables", ()):
            if city == "singapore" and any(each["Main"] for each in table["Associations"]):
                self.ids["table-singapore"] = table["RouteTableId"]


def _members(part: Any, place: str = "") -> Iterator[str]:
    """Yield the places of all texts and numbers of an answer."""
    if isinstance(part, Mapping):
        for name, content in part.items():
            yield from _members(content, f"{place}.{name}".lstrip("."))
    elif isinstance(part, list):
        for content in part:
            yield from _members(content, place)
    elif place:
        yield place


def _pending(answer: Mapping[str, Any], members: list[str]) -> set[str]:
    """Return the members that AWS leaves out until a peering is active: the block and options of its accepter."""
    peerings = [*answer.get("VpcPeeringConnections", ()), answer.get("VpcPeeringConnection", {})]
    if all(each["Status"]["Code"] == "active" for each in peerings if each):
        return set()
    return {each for each in members if each.startswith(_ABSENT_WHILE_PENDING)}


def test_what_terraform_asks_is_answered_as_it_was_accepted(mqlab_api: ServedHere) -> None:
    replay = Replay(mqlab_api)
    applied = list(replay.run("apply"))
    planned = [list(replay.run("plan")) for _ in range(2)]
    texts = [[(operation, _plain(answer)) for operation, answer in answers] for answers in planned]
    assert texts[0] == texts[1]
    peering = next(answer for operation, answer in reversed(planned[0]) if operation == "DescribeVpcPeeringConnections")
    assert peering["VpcPeeringConnections"][0]["Status"]["Code"] == "active"
    destroyed = list(replay.run("destroy"))
    assert len(applied) > 70
    assert len(destroyed) > 40
    network = mqlab_api.account.control.network
    assert {str(each.cidrs[0]) for each in network.vpcs} == {"172.31.0.0/16"}
    assert len(network.groups) == len(network.route_tables) == len(network.vpcs)
    assert not any(mqlab_api.account.records.ec2.tags.get(TOKYO, {}).get(each) for each in network.vpcs)


def _plain(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: content for name, content in answer.items() if name != "ResponseMetadata"}

"""Terraform's requests of Amazon MQ, as its AWS provider 5.46 sent them: apply, plan, user, configuration, destroy.

A line of `terraform/mq.requests` is [part, region, operation, HTTP status, method, path, body]. A name in braces is an
id that an earlier answer has made, and a configuration's `data` is its XML. Of equal polls one or two are kept.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session
from botocore.parsers import RestJSONParser

from lab.extras.api.serving import ServedHere
from tests.extras.api.clients import SINGAPORE, TOKYO, client

LINES = [json.loads(line) for line in (Path(__file__).parent / "terraform" / "mq.requests").read_text().splitlines()]
CITIES = {TOKYO: "tokyo", SINGAPORE: "singapore"}
_BROKER = """
ActionsRequired AuthenticationStrategy AutoMinorVersionUpgrade BrokerArn BrokerId BrokerInstances BrokerName BrokerState
Configurations Created DeploymentMode EncryptionOptions EngineType EngineVersion HostInstanceType Logs
MaintenanceWindowStartTime PubliclyAccessible SecurityGroups StorageType SubnetIds Tags Users
"""
_CONFIGURATION = """
Arn AuthenticationStrategy Created Description EngineType EngineVersion Id LatestRevision Name Tags
"""
MEMBERS = {  # of the answers that the provider has accepted
    "CreateBroker": "BrokerArn BrokerId",
    "CreateConfiguration": "Arn AuthenticationStrategy Created Id LatestRevision Name",
    "CreateUser": "",
    "DeleteBroker": "BrokerId",
    "DescribeBroker": _BROKER,
    "DescribeConfiguration": _CONFIGURATION,
    "DescribeConfigurationRevision": "ConfigurationId Created Data Description",
    "DescribeUser": "BrokerId ConsoleAccess Groups ReplicationUser Username",
    "ListTags": "Tags",
    "RebootBroker": "",
    "UpdateBroker": "BrokerId Configuration EngineVersion Logs",
    "UpdateConfiguration": "Arn Created Id LatestRevision Name Warnings",
}


def test_what_terraform_asks_of_amazon_mq_is_answered_as_it_was_accepted(mqlab_api: ServedHere) -> None:
    replay = Replay(mqlab_api)
    for part in dict.fromkeys(line[0] for line in LINES):
        replay.run(part)
    assert replay.states["tokyo"] == [
        *("CREATION_IN_PROGRESS", "RUNNING"),  # apply
        *("RUNNING", "RUNNING", "REBOOT_IN_PROGRESS", "RUNNING"),  # plan, a user
        *("RUNNING", "RUNNING", "REBOOT_IN_PROGRESS", "RUNNING"),  # plan, a configuration
        *("RUNNING", "RUNNING", "DELETION_IN_PROGRESS"),  # plan, destroy
    ]
    assert not mqlab_api.account.records.mq.brokers
    assert replay.planned[0] == replay.planned[1] == [{"Id": replay.ids["configuration-tokyo"], "Revision": 2}]
    assert replay.planned[2] == [{"Id": replay.ids["configuration-tokyo"], "Revision": 3}]


class Replay:
    """A replay of the recorded requests; ids of earlier answers are put in."""

    def __init__(self, api: ServedHere) -> None:
        self._api = api
        self._model = botocore.session.get_session().get_service_model("mq")
        self.ids: dict[str, str] = {}
        self.states: dict[str, list[str]] = {city: [] for city in CITIES.values()}
        self.planned: list[list[Any]] = []
        for region, city in CITIES.items():
            ec2 = client(api, "ec2", region)
            vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
            subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]
            self.ids[f"subnet-{city}"] = subnet["SubnetId"]
            group = ec2.create_security_group(GroupName="mq", Description="d", VpcId=vpc)
            self.ids[f"group-{city}"] = group["GroupId"]

    def run(self, part: str) -> None:
        current = []
        for _, region, operation, status, method, path, body in (line for line in LINES if line[0] == part):
            got, answer = self._ask(region, operation, method, path, body)
            assert got == status, (operation, answer)
            if status != 200:
                assert answer["Error"]["Code"] == "NotFoundException"
                continue
            assert set(MEMBERS[operation].split()) <= set(answer), operation
            city = CITIES[region]
            if operation == "CreateBroker":
                self.ids[f"broker-{city}"] = answer["BrokerId"]
            if operation == "CreateConfiguration":
                self.ids[f"configuration-{city}"] = answer["Id"]
            if operation == "DescribeBroker":
                self.states[city].append(answer["BrokerState"])
                if city == "tokyo":
                    current.append(answer["Configurations"].get("Current"))
        if part.startswith("plan"):
            self.planned.append(current)

    def _ask(self, region: str, operation: str, method: str, path: str, body: Any) -> tuple[int, Mapping[str, Any]]:
        if operation == "UpdateConfiguration":
            body = {"data": base64.b64encode(self._put(body["data"]).encode()).decode()}
        text = "" if body is None else self._put(json.dumps(body))
        scope = f"Credential={self._api.access_key}/20261201/{region}/mq/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
        connection = http.client.HTTPConnection("127.0.0.1", self._api.port, timeout=30)
        connection.request(method, self._put(path), body=text, headers=headers)
        answer = connection.getresponse()
        response = {"body": answer.read(), "headers": dict(answer.getheaders()), "status_code": answer.status}
        connection.close()
        shape = self._model.operation_model(operation).output_shape
        return answer.status, RestJSONParser().parse(response, shape)

    def _put(self, text: str) -> str:
        for name, identifier in self.ids.items():
            text = text.replace(f"{{{name}}}", identifier)
        return text

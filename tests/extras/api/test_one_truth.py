"""A verb through the API decides as the step of a scenario does, and the history has the same observations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lab.declare.steps.service import CreateUser, Reboot, UpdateBroker, UpdateConfiguration
from lab.declare.topology import Configuration
from lab.extras.api.serving import ServedHere, served
from lab.history.reading import read
from tests.extras.api.clients import PASSWORD, client, running
from tests.extras.api.test_configurations import BROKER, encoded


def test_verbs_through_the_api_leave_what_the_steps_leave(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    broker_id = running(mq)
    before = mqlab_api.account.control.account
    own = before.configurations[0]
    mq.update_configuration(ConfigurationId=own.id, Data=encoded(), Description="mine")
    mq.update_broker(BrokerId=broker_id, Configuration={"Id": own.id})
    mq.create_user(BrokerId=broker_id, Username="late", Password=PASSWORD, Groups=["gg"])
    mq.reboot_broker(BrokerId=broker_id)
    for _ in range(2):
        mq.describe_broker(BrokerId=broker_id)
    after = mqlab_api.account.control.account
    steps: list[Any] = [
        UpdateConfiguration(
            configuration=own.name, file=Configuration(file="tokyo.xml", text=BROKER.format("", "")), description="mine"
        ),
        UpdateBroker(broker="tokyo", configuration=own.name),
        CreateUser(broker="tokyo", user="late", password=SecretStr(PASSWORD), groups=("gg",)),
        Reboot(broker="tokyo"),
    ]
    account = before
    for step in steps:
        account = step.decide(account, after.configurations[0].latest.created)
    assert replace(account, attended=after.attended) == after


def test_a_save_through_the_api_is_recorded_with_its_warnings(tmp_path: Path) -> None:
    with served(tmp_path / "account") as api:
        mq = client(api, "mq")
        made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="tokyo")
        mq.update_configuration(ConfigurationId=made["Id"], Data=encoded(' brokerName="x"'))
    observations = read(tmp_path / "account" / "history.jsonl").observations
    saved = [each for each in observations if type(each).__name__ == "ConfigurationSaved"]
    assert [(each.revision, each.warnings) for each in saved] == [
        (1, {}),
        (2, {"DISALLOWED_ATTRIBUTE_REMOVED broker brokerName": 1}),
    ]

"""Configurations by boto3, and what a save removes."""

from __future__ import annotations

import base64
from pathlib import Path

from lab.extras.api.serving import ServedHere, served
from tests.extras.api.clients import client

BROKER = '<broker xmlns="http://activemq.apache.org/schema/core"{}>{}</broker>'


def encoded(attributes: str = "", content: str = "") -> str:
    return base64.b64encode(BROKER.format(attributes, content).encode()).decode()


def test_a_configuration_begins_with_the_default_and_gets_revisions(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    made = mq.create_configuration(EngineType="ActiveMQ", EngineVersion="5.18", Name="tokyo")
    assert (made["LatestRevision"]["Revision"], made["AuthenticationStrategy"]) == (1, "simple")
    saved = mq.update_configuration(ConfigurationId=made["Id"], Data=encoded(), Description="mine")
    assert (saved["LatestRevision"]["Revision"], saved["Warnings"]) == (2, [])
    found = mq.describe_configuration(ConfigurationId=made["Id"])
    assert (found["Description"], found["EngineType"], found["EngineVersion"]) == ("mine", "ActiveMQ", "5.18")
    text = mq.describe_configuration_revision(ConfigurationId=made["Id"], ConfigurationRevision="2")
    assert base64.b64decode(text["Data"]).decode() == BROKER.format("", "")
    revisions = mq.list_configuration_revisions(ConfigurationId=made["Id"])["Revisions"]
    assert [each["Revision"] for each in revisions] == [2, 1]


def test_a_save_names_what_it_removes_in_the_answer_and_in_the_log(tmp_path: Path) -> None:
    lines: list[str] = []
    with served(tmp_path / "account", log=lines.append) as api:
        mq = client(api, "mq")
        made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="tokyo")
        saved = mq.update_configuration(ConfigurationId=made["Id"], Data=encoded(' brokerName="x"'))
    warning = {
        "AttributeName": "brokerName",
        "ElementName": "broker",
        "Reason": "DISALLOWED_ATTRIBUTE_REMOVED",
    }
    assert saved["Warnings"] == [warning]
    told = "\n".join(lines)
    assert "tokyo revision 2: Amazon MQ removed tokyo.xml:1:" in told
    assert "DISALLOWED_ATTRIBUTE_REMOVED broker brokerName" in told
    assert "Terraform plans these changes again each time" in told


def test_a_configuration_that_no_broker_has_is_deleted(mqlab_api: ServedHere) -> None:
    mq = client(mqlab_api, "mq")
    made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="tokyo")
    assert mq.delete_configuration(ConfigurationId=made["Id"])["ConfigurationId"] == made["Id"]
    assert mq.list_configurations()["Configurations"] == []

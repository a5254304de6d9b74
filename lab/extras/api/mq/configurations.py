"""The operations on configurations; no broker changes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.amazonmq.account import configurations
from lab.amazonmq.account.revisions import Revision, SavedConfiguration
from lab.amazonmq.configurations.sanitising import MOST_SHOWN, Removal
from lab.amazonmq.names import check_configuration_name
from lab.amazonmq.quotas import CONFIGURATIONS_PER_REGION
from lab.declare.steps.service import UpdateConfiguration
from lab.declare.topology import Configuration
from lab.extras.api.call import Call
from lab.extras.api.mq.instance_options import check_engine_type, engine_version
from lab.extras.api.mq.lookup import arn, bad_request, configuration_of, conflict, lab_configuration_name, not_found
from lab.extras.api.mq.mq_records import ConfigurationFacts
from lab.extras.api.mq.tags import checked
from lab.extras.api.records import Records
from lab.extras.api.served_account import ServedAccount
from lab.plan.control import Control


def create_configuration(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a configuration, whose revision 1 is the default."""
    check_engine_type(request["EngineType"])
    check_strategy(request)
    version, tags, name = engine_version(request), checked(request.get("Tags")), request["Name"]
    if reason := check_configuration_name(name):
        raise bad_request(reason, "name")
    check_name(account, call, name)

    def create(control: Control, records: Records) -> tuple[Control, Records]:
        its = lab_configuration_name(control.account, name, call.region)
        after = configurations.create_configuration(control.account, its, version, account.now)
        added = with_facts(records, call, after.configuration(its), name, tags)
        return replace(control, account=after), added

    account.change(create, f"create the configuration {name} for engine version {version}")
    facts = {(each.name, each.region): key for key, each in account.records.mq.configurations.items()}
    saved, kept = configuration_of(account, call, facts[name, call.region])
    return {
        "Arn": kept.arn,
        "AuthenticationStrategy": "simple",
        "Created": saved.revisions[0].created,
        "Id": saved.id,
        "LatestRevision": _revision(saved.latest),
        "Name": kept.name,
    }


def update_configuration(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Save a text as the next revision; the answer and the log name the settings that the service removed."""
    saved, facts = configuration_of(account, call, request["ConfigurationId"])
    step = UpdateConfiguration.model_construct(
        configuration=saved.name,
        file=Configuration.model_construct(file=f"{facts.name}.xml", text=_text(request["Data"]), source=None),
        description=request.get("Description") or "",
    )
    removals = configurations.update_configuration(
        account.control.account,
        saved.name,
        step.file.text.encode(),
        account.now,
        description=step.description,
        file=step.file.file,
    ).removals
    account.do(step)
    saved, facts = configuration_of(account, call, request["ConfigurationId"])
    _log_removals(account, f"{facts.name} revision {saved.latest.number}", removals)
    return {
        "Arn": facts.arn,
        "Created": saved.revisions[0].created,
        "Id": saved.id,
        "LatestRevision": _revision(saved.latest),
        "Name": facts.name,
        "Warnings": [
            {"AttributeName": removal.attribute, "ElementName": removal.tag, "Reason": str(removal.reason)}
            for removal in removals[:MOST_SHOWN]
        ],
    }


def describe_configuration(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a configuration with its latest revision."""
    return _described(account, *configuration_of(account, call, request["ConfigurationId"]))


def list_configurations(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configurations of the region, the oldest first."""
    known = account.records.mq.configurations
    return {
        "Configurations": [
            _described(account, saved, known[saved.id])
            for saved in account.control.account.configurations
            if saved.id in known and known[saved.id].region == call.region
        ]
    }


def describe_configuration_revision(
    account: ServedAccount, call: Call, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the text of a revision."""
    saved, _ = configuration_of(account, call, request["ConfigurationId"])
    number = request["ConfigurationRevision"]
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise bad_request("a revision number is a whole number of at least 1", "configuration-revision")
    if not 1 <= int(number) <= len(saved.revisions):
        raise not_found("configuration revision", number, "configuration-revision")
    revision = saved.revision(int(number))
    return {
        "ConfigurationId": saved.id,
        "Created": revision.created,
        "Data": base64.b64encode(revision.text.encode()).decode(),
        "Description": revision.description,
    }


def list_configuration_revisions(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the revisions of a configuration, the newest first."""
    saved, _ = configuration_of(account, call, request["ConfigurationId"])
    return {"ConfigurationId": saved.id, "Revisions": [_revision(each) for each in reversed(saved.revisions)]}


def delete_configuration(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete a configuration that no broker has."""
    saved, facts = configuration_of(account, call, request["ConfigurationId"])

    def delete(control: Control, records: Records) -> tuple[Control, Records]:
        after = configurations.delete_configuration(control.account, saved.name)
        known = {key: each for key, each in records.mq.configurations.items() if key != saved.id}
        tags = {key: each for key, each in records.mq.tags.items() if key != facts.arn}
        return replace(control, account=after), replace(
            records, mq=replace(records.mq, configurations=known, tags=tags)
        )

    account.change(delete, f"delete the configuration {facts.name}")
    return {"ConfigurationId": saved.id}


def check_name(account: ServedAccount, call: Call, name: str) -> None:
    """Refuse a name that the region has, or one configuration too many."""
    names = {facts.name for facts in account.records.mq.configurations.values() if facts.region == call.region}
    if name in names:
        raise conflict(f"Configuration [{name}] already exists. Choose another name, or update it.", "name")
    if len(names) >= CONFIGURATIONS_PER_REGION:
        raise bad_request(f"{call.region} has {CONFIGURATIONS_PER_REGION} configurations: delete one.")


def check_strategy(request: Mapping[str, Any]) -> None:
    """Refuse logins that the lab does not have."""
    strategy = str(request.get("AuthenticationStrategy") or "simple")
    if strategy.upper() != "SIMPLE":
        problem = f"The lab has no authentication strategy {strategy.upper()}: write SIMPLE."
        raise bad_request(problem, "authenticationStrategy")


def with_facts(records: Records, call: Call, saved: SavedConfiguration, name: str, tags: Mapping[str, str]) -> Records:
    """Return the records with a new configuration."""
    facts = ConfigurationFacts(name=name, region=call.region, arn=arn(call, "configuration", saved.id))
    known = {**records.mq.configurations, saved.id: facts}
    return replace(
        records, mq=replace(records.mq, configurations=known, tags={**records.mq.tags, facts.arn: dict(tags)})
    )


def _described(account: ServedAccount, saved: SavedConfiguration, facts: ConfigurationFacts) -> Mapping[str, Any]:
    return {
        "Arn": facts.arn,
        "AuthenticationStrategy": "simple",
        "Created": saved.revisions[0].created,
        "Description": saved.latest.description,
        "EngineType": "ActiveMQ",
        "EngineVersion": saved.engine_version,
        "Id": saved.id,
        "LatestRevision": _revision(saved.latest),
        "Name": facts.name,
        "Tags": dict(account.records.mq.tags.get(facts.arn, {})),
    }


def _revision(revision: Revision) -> Mapping[str, Any]:
    return {"Revision": revision.number, "Created": revision.created, "Description": revision.description or None}


def _text(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        raise bad_request("Data is not the base64 of a text in UTF-8.", "data") from None


def _log_removals(account: ServedAccount, revision: str, removals: tuple[Removal, ...]) -> None:
    for removal in removals[:MOST_SHOWN]:
        account.notice(f"{revision}: Amazon MQ removed {removal}".replace("\n", ":"))
    if removals:
        account.notice(f"{revision}: Terraform plans these changes again each time; remove them from the XML")

"""The operation CreateBroker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lab.amazonmq.account import brokers
from lab.amazonmq.account.broker_record import AppliedRevision
from lab.amazonmq.account.maintenance import DEFAULT_WINDOW, Window, window
from lab.amazonmq.identity import DeploymentMode, UserIdentity
from lab.amazonmq.names import (
    check_broker_name,
    check_group,
    check_user_name,
)
from lab.amazonmq.passwords import check_password
from lab.amazonmq.quotas import BROKERS_PER_REGION, GROUPS_PER_USER, USERS_PER_BROKER
from lab.errors import InputError, Refused
from lab.extras.api.call import Call
from lab.extras.api.mq import configurations
from lab.extras.api.mq.default_network import check_default, default_group, default_subnets
from lab.extras.api.mq.instance_options import (
    check_engine_type,
    check_instance_type,
    check_upgrades,
    engine_version,
    storage_type,
)
from lab.extras.api.mq.lookup import arn, bad_request, configuration_of, conflict, lab_name
from lab.extras.api.mq.mq_records import BrokerFacts, Logs
from lab.extras.api.mq.tags import checked
from lab.extras.api.mq.users import check_replication
from lab.extras.api.records import Records
from lab.extras.api.served_account import ServedAccount
from lab.network import interfaces
from lab.plan.control import Control

NOT_IN_THE_LAB = {
    "LdapServerMetadata": "ldapServerMetadata",
    "DataReplicationPrimaryBrokerArn": "dataReplicationPrimaryBrokerArn",
    "ResourceShareArns": "resourceShareArns",
    "StorageSize": "storageSize",
}


def create_broker(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a broker, which is CREATION_IN_PROGRESS at first; the same request again has the same answer."""
    check_engine_type(request["EngineType"])
    name, token = request["BrokerName"], request.get("CreatorRequestId") or ""
    for key, facts in account.records.mq.brokers.items():
        if facts.region == call.region and facts.name == name:
            if token and facts.request_token == token:
                return {"BrokerArn": facts.arn, "BrokerId": key}
            raise conflict(f"Broker [{name}] already exists. Choose another name.", "brokerName")
    _check_settings(account, request)
    if (answer := account.fill(request)) is not None:
        _keep_facts(account, request, answer["BrokerId"])
        return answer
    _check(account, call, request)
    check_default(account, call, request.get("SubnetIds") or [], request.get("SecurityGroups") or [])
    broker_id = f"b-{uuid.uuid4()}"
    subnets, mode = _subnets(account, call, request), request["DeploymentMode"].upper()
    groups = tuple(request.get("SecurityGroups") or default_group(account, subnets))
    version, users = engine_version(request), _users(account, request)
    opens = window_of(request) or DEFAULT_WINDOW
    chosen = applied_revision(account, call, request, version)
    facts = _facts(call, request, broker_id, subnets)

    def create(control: Control, records: Records) -> tuple[Control, Records]:
        its = lab_name(control.account, name, call.region)
        own = brokers.free_configuration(control.account, its)
        made = brokers.create_broker(
            control.account,
            name=its,
            broker_id=broker_id,
            engine_version=version,
            users=users,
            at=account.now,
            security_groups=groups,
            deployment_mode=mode,
            public=request["PubliclyAccessible"],
            window=opens,
            configuration=chosen,
            own=own,
        )
        with in_network("subnetIds"):
            network = interfaces.attach(
                control.network, its, subnets=subnets, groups=groups, public=request["PubliclyAccessible"]
            )
        tags = checked(request.get("Tags"))
        if chosen is None:
            shown = name + own.removeprefix(its)
            records = configurations.with_facts(records, call, made.configuration(own), shown, {})
        known = {**records.mq.brokers, broker_id: facts}
        records = replace(records, mq=replace(records.mq, brokers=known, tags={**records.mq.tags, facts.arn: tags}))
        return replace(control, account=made, network=network), records

    account.change(create, f"create the broker {name} in {call.region}")
    return {"BrokerArn": facts.arn, "BrokerId": broker_id}


@contextmanager
def in_network(attribute: str) -> Iterator[None]:
    """Make a refusal of the network in the block one of Amazon MQ's, with the attribute of the request."""
    try:
        yield
    except InputError as error:
        sentence = error.sentence if isinstance(error, Refused) and error.sentence else error.problems[0].what
        groups = isinstance(error, Refused) and error.code.startswith("InvalidGroup")
        raise bad_request(sentence, "securityGroups" if groups or "group" in sentence else attribute) from None


def window_of(request: Mapping[str, Any]) -> Window | None:
    """Return the maintenance window of a request, or None."""
    written = request.get("MaintenanceWindowStartTime")
    if written is None:
        return None
    return window(written["DayOfWeek"], written["TimeOfDay"], written.get("TimeZone") or "UTC")


def applied_revision(
    account: ServedAccount, call: Call, request: Mapping[str, Any], version: str
) -> AppliedRevision | None:
    """Return the revision that a request gives to a broker of an engine version, or None."""
    written = request.get("Configuration")
    if written is None:
        return None
    saved, facts = configuration_of(account, call, written["Id"], "configuration")
    number = written.get("Revision") or saved.latest.number
    if not 1 <= number <= len(saved.revisions):
        problem = f"Configuration [{facts.name}] has no revision [{number}]."
        raise bad_request(f"{problem} Its revisions: 1 to {len(saved.revisions)}.", "configuration")
    if saved.engine_version != version:
        problem = f"Configuration [{facts.name}] is for engine version [{saved.engine_version}], not [{version}]."
        raise bad_request(problem, "configuration")
    return AppliedRevision(configuration=saved.name, revision=number)


def check_replication_mode(request: Mapping[str, Any]) -> None:
    """Refuse the parts of a request that the lab does not have."""
    if str(request.get("DataReplicationMode") or "NONE").upper() != "NONE":
        raise bad_request("The lab has no replication of data between regions.", "dataReplicationMode")
    for member, attribute in NOT_IN_THE_LAB.items():
        if request.get(member) is not None:
            raise bad_request(f"The lab does not have [{attribute}]: leave it out.", attribute)


def logs_of(written: Mapping[str, Any] | None, kept: Logs = Logs()) -> Logs:  # noqa: B008 - a frozen value
    """Return the log flags of a request; a missing flag stays as it is."""
    flags = written or {}
    return Logs(general=flags.get("General", kept.general), audit=flags.get("Audit", kept.audit))


def _check(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> None:
    if reason := check_broker_name(request["BrokerName"]):
        raise bad_request(reason, "brokerName")
    if request["DeploymentMode"].upper() not in tuple(DeploymentMode):
        problem = "Broker deployment mode [CLUSTER_MULTI_AZ] is invalid for broker engine type [ACTIVEMQ]."
        raise bad_request(f"{problem} Valid values: [{', '.join(DeploymentMode)}].", "deploymentMode")
    checked(request.get("Tags"))
    if sum(facts.region == call.region for facts in account.records.mq.brokers.values()) >= BROKERS_PER_REGION:
        raise bad_request(f"{call.region} has {BROKERS_PER_REGION} brokers: delete one.")


def _check_settings(account: ServedAccount, request: Mapping[str, Any]) -> None:
    """Refuse settings that no broker of the lab has, declared or not."""
    configurations.check_strategy(request)
    check_replication_mode(request)
    check_upgrades(request.get("AutoMinorVersionUpgrade", True), engine_version(request))
    check_instance_type(request["HostInstanceType"])
    storage_type(request)
    encryption = request.get("EncryptionOptions") or {"UseAwsOwnedKey": True}
    if encryption["UseAwsOwnedKey"] and encryption.get("KmsKeyId"):
        raise bad_request("Your own key and AWS's own key exclude each other.", "encryptionOptions")
    if encryption.get("KmsKeyId"):
        account.notice(f"{request['BrokerName']}: the lab keeps the name of the KMS key, and encrypts nothing")


def _subnets(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> tuple[str, ...]:
    mode = DeploymentMode(request["DeploymentMode"].upper())
    needed = len(mode.instances)
    written = request.get("SubnetIds")
    if not written:
        return default_subnets(account, call, needed)
    if len(written) != needed or len(set(written)) != needed:
        problem = f"{len(written)} subnets: a broker of [{mode}] needs {needed}"
        raise bad_request(f"{problem}{', each in another availability zone' if needed > 1 else ''}.", "subnetIds")
    network = account.control.network
    with in_network("subnetIds"):
        found = [network.subnet(name) for name in written]
    regions = {network.vpc(subnet.vpc).aws_region for subnet in found}
    if regions != {call.region}:
        raise bad_request(f"The subnet ID '{written[0]}' does not exist in {call.region}", "subnetIds")
    if len({subnet.vpc for subnet in found}) > 1:
        raise bad_request("Subnets must belong to the same VPC.", "subnetIds")
    return tuple(written)


def _users(account: ServedAccount, request: Mapping[str, Any]) -> list[UserIdentity]:
    written = request.get("Users") or []
    if not 1 <= len(written) <= USERS_PER_BROKER:
        raise bad_request(f"{len(written)} users: a broker has 1 to {USERS_PER_BROKER} users.", "users")
    names = [user["Username"] for user in written]
    for user in written:
        account.hide(user["Password"])
    for user in written:
        check_replication(user)
        groups = tuple(dict.fromkeys(user.get("Groups") or ()))
        reason = check_user_name(user["Username"]) or next(filter(None, map(check_group, groups)), None)
        if reason := reason or check_password(user["Password"]):
            raise bad_request(reason, "users")
        if names.count(user["Username"]) > 1:
            raise bad_request(f"The user [{user['Username']}] is there twice.", "users")
        if len(groups) > GROUPS_PER_USER:
            raise bad_request(f"{len(groups)} groups: a user has at most {GROUPS_PER_USER}.", "users")
    return [
        UserIdentity(
            name=user["Username"],
            groups=tuple(dict.fromkeys(user.get("Groups") or ())),
            console_access=bool(user.get("ConsoleAccess")),
        )
        for user in written
    ]


def _facts(call: Call, request: Mapping[str, Any], broker_id: str, subnets: tuple[str, ...]) -> BrokerFacts:
    facts = BrokerFacts(
        name=request["BrokerName"],
        region=call.region,
        arn=arn(call, "broker", request["BrokerName"], broker_id),
        instance_type=request["HostInstanceType"],
        subnets=subnets,
    )
    return _with_settings(facts, request)


def _keep_facts(account: ServedAccount, request: Mapping[str, Any], broker_id: str) -> None:
    """Keep the settings of a declared broker that the lab has no effect for."""

    def keep(control: Control, records: Records) -> tuple[Control, Records]:
        facts = _with_settings(records.mq.brokers[broker_id], request)
        return control, replace(records, mq=replace(records.mq, brokers={**records.mq.brokers, broker_id: facts}))

    account.change(keep)


def _with_settings(facts: BrokerFacts, request: Mapping[str, Any]) -> BrokerFacts:
    return replace(
        facts,
        instance_type=request["HostInstanceType"],
        storage_type=storage_type(request),
        kms_key=(request.get("EncryptionOptions") or {}).get("KmsKeyId") or "",
        logs=logs_of(request.get("Logs")),
        request_token=request.get("CreatorRequestId") or "",
    )

"""The operations on brokers, except their creation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.activemq.protocols import CONSOLE, ENDPOINTS
from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerRecord, BrokerState
from lab.amazonmq.names import host_name
from lab.declare.steps.service import DeleteBroker, Reboot, UpdateBroker
from lab.extras.api.call import Call
from lab.extras.api.mq.configurations import check_strategy
from lab.extras.api.mq.creation import applied_revision, check_replication_mode, in_network, logs_of, window_of
from lab.extras.api.mq.instance_options import check_instance_type, check_upgrades, engine_version
from lab.extras.api.mq.lookup import bad_request, broker_of
from lab.extras.api.mq.mq_records import BrokerFacts
from lab.extras.api.mq.users import summaries
from lab.extras.api.records import Records
from lab.extras.api.served_account import ServedAccount
from lab.network.security_groups import check_groups
from lab.plan.control import Control


def describe_broker(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a broker; while it is created, without instances and current configuration."""
    record, facts = broker_of(account, call, request["BrokerId"])
    account.answered(record.broker_id)
    group = f"/aws/amazonmq/broker/{record.broker_id}"
    logs = {"General": facts.logs.general, "Audit": facts.logs.audit}
    pending = facts.pending_logs
    groups = record.pending_security_groups
    return {
        **_summary(record, facts),
        "ActionsRequired": [],
        "AuthenticationStrategy": "simple",
        "AutoMinorVersionUpgrade": facts.auto_minor_version_upgrade,
        "BrokerInstances": _instances(account, record, facts),
        "Configurations": _configurations(account.control.account, record),
        "EncryptionOptions": {"UseAwsOwnedKey": not facts.kms_key, "KmsKeyId": facts.kms_key or None},
        "EngineVersion": record.engine_version,
        "Logs": {
            **logs,
            "GeneralLogGroup": f"{group}/general",
            "AuditLogGroup": f"{group}/audit",
            "Pending": None if pending is None else {"General": pending.general, "Audit": pending.audit},
        },
        "MaintenanceWindowStartTime": {
            "DayOfWeek": record.window.day.upper(),
            "TimeOfDay": f"{record.window.time:%H:%M}",
            "TimeZone": record.window.zone,
        },
        "PendingEngineVersion": record.pending_engine_version or None,
        "PendingHostInstanceType": facts.pending_instance_type or None,
        "PendingSecurityGroups": None if groups is None else list(groups),
        "PubliclyAccessible": record.public,
        "SecurityGroups": list(record.security_groups),
        "StorageType": facts.storage_type,
        "SubnetIds": list(facts.subnets),
        "Tags": dict(account.records.mq.tags.get(facts.arn, {})),
        "Users": summaries(record),
    }


def list_brokers(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the brokers of the region, the oldest first."""
    known = account.records.mq.brokers
    rows = [
        (record, known[record.broker_id])
        for record in account.control.account.brokers
        if record.broker_id in known and known[record.broker_id].region == call.region
    ]
    for record, _ in rows:
        account.answered(record.broker_id)
    return {"BrokerSummaries": [_summary(record, facts) for record, facts in rows]}


def update_broker(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make changes pending until a reboot; the window and the upgrades of minor versions change at once."""
    record, facts = broker_of(account, call, request["BrokerId"])
    check_strategy(request)
    check_replication_mode(request)
    kept = record.pending_engine_version or record.engine_version
    version = engine_version(request) if request.get("EngineVersion") else kept
    check_upgrades(request.get("AutoMinorVersionUpgrade", facts.auto_minor_version_upgrade), version)
    if (instance_type := request.get("HostInstanceType")) is not None:
        check_instance_type(instance_type)
    chosen, groups = applied_revision(account, call, request, version), request.get("SecurityGroups")
    if groups is not None:
        network = account.control.network
        with in_network("securityGroups"):
            for vpc in {interface.vpc for interface in network.of_broker(record.name)}:
                check_groups(network, vpc, groups)
    step = None
    if chosen is not None or groups is not None:
        step = UpdateBroker.model_construct(
            broker=record.name,
            configuration=None if chosen is None else chosen.configuration,
            revision=None if chosen is None else chosen.revision,
            security_groups=None if groups is None else tuple(groups),
        )

    def change(control: Control, records: Records) -> tuple[Control, Records]:
        after = brokers.update_broker(
            control.account,
            record.name,
            engine_version=version if request.get("EngineVersion") else None,
            window=window_of(request),
        )
        known = {**records.mq.brokers, record.broker_id: _updated(facts, request)}
        return replace(control, account=after), replace(records, mq=replace(records.mq, brokers=known))

    before = account.control, account.records
    control, records = change(*before)
    if step is not None:
        step.update(control.account)  # a refusal leaves everything as it is
    if (control, records) != before:
        account.change(change, f"update broker {record.name}")
    if step is not None:
        account.do(step)
    return {**request, "Configuration": None if chosen is None else _applied(account.control.account, chosen)}


def reboot_broker(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Begin a reboot, which applies pending changes."""
    record, facts = broker_of(account, call, request["BrokerId"])
    _check_state(record, facts, "rebooted", BrokerState.RUNNING)
    account.do(Reboot.model_construct(broker=record.name))
    return {}


def delete_broker(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Begin the deletion of a broker."""
    record, facts = broker_of(account, call, request["BrokerId"])
    _check_state(record, facts, "deleted", BrokerState.RUNNING, BrokerState.CREATION_FAILED)
    account.do(DeleteBroker.model_construct(broker=record.name))
    return {"BrokerId": record.broker_id}


def promote(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse the promotion of a replica, which the lab does not have."""
    _, facts = broker_of(account, call, request["BrokerId"])
    raise bad_request(f"Broker [{facts.name}] is not a replica: the lab has no replication of data between regions.")


def describe_shared_resources(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return nothing: only RabbitMQ shares resources."""
    broker_of(account, call, request["BrokerId"])
    return {"SharedResources": []}


def _check_state(record: BrokerRecord, facts: BrokerFacts, verb: str, *states: BrokerState) -> None:
    if record.state not in states:
        problem = f"Broker [{facts.name}] can't be {verb} while in state [{record.state}]"
        raise bad_request(f"{problem}: wait until it is RUNNING.", "broker-id")


def _updated(facts: BrokerFacts, request: Mapping[str, Any]) -> BrokerFacts:
    instance_type, written = request.get("HostInstanceType"), request.get("Logs")
    if instance_type is not None:
        pending = "" if instance_type == facts.instance_type else instance_type
        facts = replace(facts, pending_instance_type=pending)
    if written is not None:
        logs = logs_of(written, facts.pending_logs or facts.logs)
        facts = replace(facts, pending_logs=None if logs == facts.logs else logs)
    upgrades = request.get("AutoMinorVersionUpgrade")
    return facts if upgrades is None else replace(facts, auto_minor_version_upgrade=upgrades)


def _summary(record: BrokerRecord, facts: BrokerFacts) -> dict[str, Any]:
    return {
        "BrokerArn": facts.arn,
        "BrokerId": record.broker_id,
        "BrokerName": facts.name,
        "BrokerState": str(record.state),
        "Created": record.created,
        "DeploymentMode": record.deployment_mode,
        "EngineType": "ActiveMQ",
        "HostInstanceType": facts.instance_type,
    }


def _instances(account: ServedAccount, record: BrokerRecord, facts: BrokerFacts) -> list[Mapping[str, Any]]:
    if record.state in (BrokerState.CREATION_IN_PROGRESS, BrokerState.CREATION_FAILED):
        return []
    addresses = [str(interface.address) for interface in account.control.network.of_broker(record.name)]
    hosts = [
        host_name(record.broker_id, facts.region, number)
        for number in range(1, 3 if record.deployment_mode == "ACTIVE_STANDBY_MULTI_AZ" else 2)
    ]
    local = account.local_ports(record.name)
    urls = [_urls(host, local[at] if at < len(local) else None) for at, host in enumerate(hosts)]
    return [
        {
            "ConsoleURL": its.pop(CONSOLE.name),
            "Endpoints": [*its.values()],
            "IpAddress": addresses[at] if at < len(addresses) else None,
        }
        for at, its in enumerate(urls)
    ]


def _urls(host: str, local: Mapping[str, int] | None) -> dict[str, str]:
    if local is None:
        return {port.name: port.url(host) for port in ENDPOINTS}
    return {port.name: port.url("localhost", local[port.name]) for port in ENDPOINTS}


def _configurations(account: Account, record: BrokerRecord) -> Mapping[str, Any]:
    current, pending = _applied(account, record.current), record.pending
    if record.state is BrokerState.CREATION_IN_PROGRESS:
        return {"History": [], "Pending": current}
    return {
        "Current": current,
        "History": [_applied(account, each) for each in record.history],
        "Pending": None if pending is None else _applied(account, pending),
    }


def _applied(account: Account, applied: AppliedRevision) -> Mapping[str, Any]:
    known = {each.name: each.id for each in account.configurations}  # an earlier one may have been deleted
    return {"Id": known.get(applied.configuration, ""), "Revision": applied.revision}

"""The engine versions and instance types that Amazon MQ offers, and the checks of a request by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.activemq.releases import ENDED, ENGINES, RECOMMENDED, numbers
from lab.amazonmq.identity import DeploymentMode
from lab.base.printable import shown
from lab.extras.api.call import Call
from lab.extras.api.mq.lookup import bad_request
from lab.extras.api.served_account import ServedAccount

ENGINE_VERSIONS = tuple(sorted((each for each in ENGINES if each not in ENDED), key=numbers, reverse=True))
_SIZES = ("large", "xlarge", "2xlarge", "4xlarge")
INSTANCE_TYPES = (
    "mq.t3.micro",
    *(f"mq.m5.{size}" for size in _SIZES),
    *(f"mq.m7g.{size}" for size in ("medium", *_SIZES)),
)
DEPLOYMENT_MODES = (str(DeploymentMode.ACTIVE_STANDBY_MULTI_AZ), str(DeploymentMode.SINGLE_INSTANCE))
_UPGRADED_FROM = (5, 18)  # from this version on, minor versions are always upgraded


def check_engine_type(engine_type: str) -> None:
    """Refuse an engine that the lab does not have."""
    if engine_type.upper() != "ACTIVEMQ":
        problem = f"Broker engine type [{shown(engine_type)}] is invalid. Valid values: [ACTIVEMQ]."
        raise bad_request(f"{problem} The lab has no RabbitMQ.", "engineType")


def engine_version(request: Mapping[str, Any]) -> str:
    """Return the engine version of a request, by default the newest; an ended or unknown version is refused."""
    version = str(request.get("EngineVersion") or RECOMMENDED)
    if version not in ENGINE_VERSIONS:
        named = version if len(version) <= 40 else shown(version, 40)
        raise bad_request(
            f"Broker engine version [{named}] is invalid for broker engine type [ACTIVEMQ]. "
            f"Valid values: [{', '.join(ENGINE_VERSIONS)}].",
            "engineVersion",
        )
    return version


def check_upgrades(upgrades: bool, version: str) -> None:
    """Refuse a broker whose minor versions would not be upgraded."""
    if not upgrades and numbers(version) >= _UPGRADED_FROM:
        raise bad_request(
            f"Brokers on [ActiveMQ] version [{version}] must have [autoMinorVersionUpgrade] set to [true].",
            "autoMinorVersionUpgrade",
        )


def check_instance_type(instance_type: str) -> None:
    """Refuse an unknown instance type."""
    if instance_type not in INSTANCE_TYPES:
        problem = f"Broker host instance type [{shown(instance_type)}] is invalid."
        raise bad_request(f"{problem} Valid values: [{', '.join(INSTANCE_TYPES)}].", "hostInstanceType")


def storage_type(request: Mapping[str, Any]) -> str:
    """Return the storage type of a new broker, by default efs; ebs needs one instance of mq.m5."""
    storage = str(request.get("StorageType") or "EFS").lower()
    alone = request["DeploymentMode"].upper() == DeploymentMode.SINGLE_INSTANCE
    if storage == "ebs" and not (alone and request["HostInstanceType"].startswith("mq.m5.")):
        raise bad_request("EBS is only for SINGLE_INSTANCE brokers of the instance family mq.m5.", "storageType")
    return storage


def describe_broker_engine_types(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the only engine, with its versions."""
    if str(request.get("EngineType") or "ACTIVEMQ").upper() != "ACTIVEMQ":
        return {"BrokerEngineTypes": []}
    versions = [{"Name": version} for version in ENGINE_VERSIONS]
    return {"BrokerEngineTypes": [{"EngineType": "ACTIVEMQ", "EngineVersions": versions}]}


def describe_broker_instance_options(
    account: ServedAccount, call: Call, request: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a row for each instance type and storage."""
    rows = [
        {
            "AvailabilityZones": [{"Name": f"{call.region}{letter}"} for letter in "abc"],
            "EngineType": "ACTIVEMQ",
            "HostInstanceType": instance_type,
            "StorageType": storage,
            "SupportedDeploymentModes": list(DEPLOYMENT_MODES if storage == "EFS" else DEPLOYMENT_MODES[1:]),
            "SupportedEngineVersions": list(ENGINE_VERSIONS),
        }
        for storage in ("EFS", "EBS")
        for instance_type in INSTANCE_TYPES
        if storage == "EFS" or instance_type.startswith("mq.m5.")
    ]
    for name in ("EngineType", "HostInstanceType", "StorageType"):
        if wanted := request.get(name):
            rows = [row for row in rows if str(row[name]).upper() == str(wanted).upper()]
    return {"BrokerInstanceOptions": rows}

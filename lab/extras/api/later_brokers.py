"""CreateBroker on a declared lab: it fills a broker that the topology declares with `later: yes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.brokers import still_to_be_created
from lab.declare.steps.service import CreateBroker
from lab.extras.api.call import Call
from lab.extras.api.mq.instance_options import engine_version
from lab.extras.api.mq.lookup import arn, bad_request
from lab.extras.api.served_account import ServedAccount
from lab.network.vpc import Network

_AFTERWARDS = (  # settings that are given to the broker once it runs
    ("Tags", "tags", "leave them out, and tag the broker when it is RUNNING"),
    (
        "MaintenanceWindowStartTime",
        "maintenanceWindowStartTime",
        "leave it out, and update the broker when it is RUNNING",
    ),
)


def fill(
    account: ServedAccount,
    call: Call,
    request: Mapping[str, Any],
    network: Network,
    password: Callable[[str, str], SecretStr],
) -> Mapping[str, Any]:
    """Begin the creation of a declared broker; raise ApiRefused for another broker, or with other settings.

    The network has the interfaces of brokers for later too.
    """
    control, name = account.control, request["BrokerName"]
    for user in request.get("Users") or []:
        account.hide(user["Password"])
    record = next((each for each, _ in control.account.later if each.name == name), None)
    if record is None or _region(network, record) != call.region:
        problem = f"The topology of this lab declares no broker [{name}] for later in {call.region}"
        raise bad_request(f"{problem}: {still_to_be_created(control.account)}.", "brokerName")
    _check(network, request, record, password)
    account.do(CreateBroker.model_construct(broker=record.name))
    return {"BrokerArn": arn(call, "broker", name, record.broker_id), "BrokerId": record.broker_id}


def _region(network: Network, record: BrokerRecord) -> str:
    return network.vpc(network.of_broker(record.name)[0].vpc).aws_region


def _check(
    network: Network,
    request: Mapping[str, Any],
    record: BrokerRecord,
    password: Callable[[str, str], SecretStr],
) -> None:
    """Refuse settings that are not those of the topology."""
    subnets = [network.subnet_of(each).name for each in network.of_broker(record.name)]
    asked_users = request.get("Users") or []
    users = {user["Username"]: user["Password"] for user in asked_users}
    declared: Mapping[str, tuple[Any, Any]] = {
        "engineVersion": (engine_version(request), record.engine_version),
        "deploymentMode": (request["DeploymentMode"].upper(), record.deployment_mode),
        "publiclyAccessible": (request["PubliclyAccessible"], record.public),
        "subnetIds": (sorted(request.get("SubnetIds") or subnets), sorted(subnets)),
        "securityGroups": (
            sorted(request.get("SecurityGroups") or record.security_groups),
            sorted(record.security_groups),
        ),
        "users": (sorted(users), sorted(each.name for each in record.users)),
        "groups": (
            sorted(f"{user['Username']}:{group}" for user in asked_users for group in user.get("Groups") or ()),
            sorted(f"{user.name}:{group}" for user in record.users for group in user.latest.groups),
        ),
        "consoleAccess": (
            sorted(user["Username"] for user in asked_users if user.get("ConsoleAccess")),
            sorted(user.name for user in record.users if user.latest.console_access),
        ),
    }
    for attribute, (asked, own) in declared.items():
        if asked != own:
            problem = f"The topology declares [{attribute}] of [{record.name}] as [{_text(own)}], not [{_text(asked)}]"
            raise bad_request(f"{problem}: write the same, or change the topology.", attribute)
    for member, attribute, remedy in _AFTERWARDS:
        if request.get(member):
            problem = f"[{attribute}] cannot be set when a declared broker is created"
            raise bad_request(f"{problem}: {remedy}.", attribute)
    if request.get("Configuration") is not None:
        problem = f"The topology declares the configuration of [{record.name}]"
        raise bad_request(f"{problem}: leave it out, and update the broker when it is RUNNING.", "configuration")
    for user, text in users.items():
        if password(record.name, user).get_secret_value() != text:
            problem = f"The topology declares another password of [{user}] of [{record.name}]"
            raise bad_request(f"{problem}: write the declared password.", "users")


def _text(setting: Any) -> str:
    return ", ".join(setting) if isinstance(setting, list) else str(setting)

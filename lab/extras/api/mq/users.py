"""The operations on a broker's users; changes wait for a reboot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.account.user_record import UserRecord
from lab.declare.steps.service import CreateUser, DeleteUser, UpdateUser
from lab.extras.api.call import Call
from lab.extras.api.mq.lookup import bad_request, broker_of, user_of
from lab.extras.api.served_account import ServedAccount


def create_user(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a user at the next reboot."""
    record, _ = broker_of(account, call, request["BrokerId"])
    check_replication(request)
    account.hide(request["Password"])
    account.do(
        CreateUser.model_construct(
            broker=record.name,
            user=request["Username"],
            password=SecretStr(request["Password"]),
            groups=tuple(request.get("Groups") or ()),
            console_access=bool(request.get("ConsoleAccess")),
        )
    )
    return {}


def update_user(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a user at the next reboot."""
    record, _ = broker_of(account, call, request["BrokerId"])
    user = user_of(record, request["Username"])
    check_replication(request)
    password, groups = request.get("Password"), request.get("Groups")
    if password is not None:
        account.hide(password)
    account.do(
        UpdateUser.model_construct(
            broker=record.name,
            user=user.name,
            password=None if password is None else SecretStr(password),
            groups=None if groups is None else tuple(groups),
            console_access=request.get("ConsoleAccess"),
        )
    )
    return {}


def delete_user(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete a user at the next reboot."""
    record, _ = broker_of(account, call, request["BrokerId"])
    user = user_of(record, request["Username"])
    account.do(DeleteUser.model_construct(broker=record.name, user=user.name))
    return {}


def describe_user(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a user, with the settings that wait for a reboot."""
    record, _ = broker_of(account, call, request["BrokerId"])
    user = user_of(record, request["Username"])
    setting = user.current or user.latest
    return {
        "BrokerId": record.broker_id,
        "Username": user.name,
        "ConsoleAccess": setting.console_access,
        "Groups": list(setting.groups),
        "ReplicationUser": False,
        "Pending": _pending(user),
    }


def list_users(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the names of a broker's users, with their changes."""
    record, _ = broker_of(account, call, request["BrokerId"])
    return {"BrokerId": record.broker_id, "Users": summaries(record)}


def summaries(record: BrokerRecord) -> list[Mapping[str, Any]]:
    """Return the users of a broker as its description has them."""
    return [
        {"Username": user.name, "PendingChange": None if user.change is None else str(user.change)}
        for user in record.users
    ]


def check_replication(request: Mapping[str, Any]) -> None:
    """Refuse a user for the replication of data, which the lab does not have."""
    if not request.get("ReplicationUser"):
        return
    if request.get("ConsoleAccess"):
        raise bad_request(
            "Replication user couldn't have console access. "
            "[replicationUser] and [consoleAccess] are mutually exclusive parameters.",
            "replicationUser",
        )
    raise bad_request("The lab has no replication of data between regions.", "replicationUser")


def _pending(user: UserRecord) -> Mapping[str, Any] | None:
    if user.change is None:
        return None
    setting = user.latest
    return {
        "PendingChange": str(user.change),
        "ConsoleAccess": setting.console_access,
        "Groups": list(setting.groups),
    }

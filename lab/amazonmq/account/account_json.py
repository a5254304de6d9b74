"""The service's answers about an account, with the keys of its API: brokers, configurations, revisions, users.

No password is in them, not even its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerRecord
from lab.amazonmq.account.revisions import Revision, SavedConfiguration


def describe_broker(account: Account, name: str) -> dict[str, Any]:
    """Return a broker as DescribeBroker does, with the keys that the lab has values for."""
    record = account.broker(name)
    pending = {} if record.pending is None else {"pending": _applied(account, record.pending)}
    groups = record.pending_security_groups
    return {
        "brokerId": record.broker_id,
        "brokerName": record.name,
        "brokerState": str(record.state),
        "configurations": {
            "current": _applied(account, record.current),
            **pending,
            "history": [_applied(account, each) for each in record.history],
        },
        "created": record.created.isoformat(),
        "deploymentMode": record.deployment_mode,
        "engineType": "ActiveMQ",
        "engineVersion": record.engine_version,
        "maintenanceWindowStartTime": {
            "dayOfWeek": record.window.day.upper(),
            "timeOfDay": f"{record.window.time:%H:%M}",
            "timeZone": record.window.zone,
        },
        "publiclyAccessible": record.public,
        "securityGroups": list(record.security_groups),
        **({} if groups is None else {"pendingSecurityGroups": list(groups)}),
        "users": list_users(account, name),
    }


def list_users(account: Account, broker: str) -> list[dict[str, str]]:
    """Return a broker's users as ListUsers does: names and pending changes."""
    return [
        {"username": user.name, **({} if user.change is None else {"pendingChange": str(user.change)})}
        for user in account.broker(broker).users
    ]


def describe_user(account: Account, broker: str, name: str) -> dict[str, Any]:
    """Return a user as DescribeUser does."""
    user = account.broker(broker).user(name)
    now = user.current or user.latest
    found: dict[str, Any] = {"username": name, "consoleAccess": now.console_access, "groups": list(now.groups)}
    if user.change is not None:
        then = user.latest
        pending = {"consoleAccess": then.console_access, "groups": list(then.groups)}
        found["pending"] = {**pending, "pendingChange": str(user.change)}
    return found


def describe_configuration(account: Account, name: str) -> dict[str, Any]:
    """Return a configuration as DescribeConfiguration does."""
    found = account.configuration(name)
    return {
        "id": found.id,
        "name": found.name,
        "created": found.revisions[0].created.isoformat(),
        "engineType": "ActiveMQ",
        "engineVersion": found.engine_version,
        "latestRevision": _revision(found.latest),
    }


def list_revisions(account: Account, name: str) -> list[Mapping[str, Any]]:
    """Return a configuration's revisions as ListConfigurationRevisions does, the newest first."""
    return [_revision(each) for each in reversed(account.configuration(name).revisions)]


def pending_changes(record: BrokerRecord) -> dict[str, str]:
    """Return the pending change of each user that has one, by name."""
    return {user.name: str(user.change) for user in record.users if user.change is not None}


def used_by(account: Account, configuration: SavedConfiguration) -> tuple[str, ...]:
    """Return the names of the brokers whose current configuration this is."""
    return tuple(each.name for each in account.brokers if each.current.configuration == configuration.name)


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "created": revision.created.isoformat(),
        "description": revision.description,
    }


def _applied(account: Account, applied: AppliedRevision) -> dict[str, Any]:
    return {"id": account.configuration(applied.configuration).id, "revision": applied.revision}

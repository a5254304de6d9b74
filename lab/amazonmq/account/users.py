"""The service's verbs on a broker's users, as functions Account → Account; all are pending until a reboot.

A password is checked and not kept: the account stores its number, which is `account.passwords` after the verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import SecretStr

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerRecord, BrokerState
from lab.amazonmq.account.refusals import bad_request, conflict
from lab.amazonmq.account.user_record import Change, UserRecord, UserSetting
from lab.amazonmq.names import (
    check_group,
    check_user_name,
)
from lab.amazonmq.passwords import check_password
from lab.amazonmq.quotas import GROUPS_PER_USER, USERS_PER_BROKER


def create_user(
    account: Account,
    broker: str,
    name: str,
    password: SecretStr,
    *,
    groups: Sequence[str] = (),
    console_access: bool = False,
) -> Account:
    """Return the account with a user that the broker knows after its next reboot."""
    record = _changeable_broker(account, broker)
    if reason := check_user_name(name):
        raise bad_request(reason, attribute="user")
    if any(user.name == name for user in record.users):
        raise conflict(
            f"{record.name} has a user {name} already", "update that user, or choose another name", attribute="user"
        )
    if len(record.users) >= USERS_PER_BROKER:
        raise bad_request(f"{record.name} has {USERS_PER_BROKER} users, the most that Amazon MQ allows")
    _check_password(password)
    number = account.passwords + 1
    setting = UserSetting(groups=_groups(groups), console_access=console_access, password=number)
    user = UserRecord(name=name, current=None, pending=setting, change=Change.CREATE)
    return replace(account.with_broker(record.with_user(user)), passwords=number)


def update_user(
    account: Account,
    broker: str,
    name: str,
    *,
    password: SecretStr | None = None,
    groups: Sequence[str] | None = None,
    console_access: bool | None = None,
) -> Account:
    """Return the account with a user's settings changed from the next reboot on; None leaves a setting as it is."""
    record = _changeable_broker(account, broker)
    user = record.user(name)
    if user.change is Change.DELETE:
        raise conflict(
            f"the user {name} of {record.name} is about to be deleted",
            "reboot the broker, then create the user again",
            attribute="user",
        )
    before, number = user.latest, account.passwords
    if password is not None:
        _check_password(password)
        number += 1
    setting = UserSetting(
        groups=before.groups if groups is None else _groups(groups),
        console_access=before.console_access if console_access is None else console_access,
        password=before.password if password is None else number,
    )
    change = user.change if user.change is not None else Change.UPDATE
    after = replace(user, pending=setting, change=change)
    return replace(account.with_broker(record.with_user(after)), passwords=number)


def delete_user(account: Account, broker: str, name: str) -> Account:
    """Return the account with a user deleted by the next reboot; a user the broker never knew is removed at once."""
    record = _changeable_broker(account, broker)
    user = record.user(name)
    if user.current is None:
        return account.with_broker(record.without_user(name))
    return account.with_broker(record.with_user(replace(user, pending=None, change=Change.DELETE)))


def _changeable_broker(account: Account, broker: str) -> BrokerRecord:
    record = account.broker(broker)
    if record.state is BrokerState.DELETION_IN_PROGRESS:
        raise conflict(f"{record.name} is {record.state}, so its users cannot be changed")
    return record


def _check_password(password: SecretStr) -> None:
    if reason := check_password(password.get_secret_value()):
        raise bad_request(reason, attribute="password")


def _groups(groups: Sequence[str]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(groups))
    if len(unique) > GROUPS_PER_USER:
        raise bad_request(
            f"{len(unique)} groups: Amazon MQ takes at most {GROUPS_PER_USER} for a user", attribute="groups"
        )
    for group in unique:
        if reason := check_group(group):
            raise bad_request(reason, attribute="groups")
    return unique

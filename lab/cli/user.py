"""user: the users of a running lab's brokers. Passwords come from the environment or a prompt, never as arguments.

A command line's arguments are in the shell's history and in the list of processes.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import SecretStr

from lab.amazonmq.account.account_json import describe_user, list_users
from lab.cli import open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, flag, option
from lab.cli.verb_command import command
from lab.declare.steps.service import CreateUser, DeleteUser, UpdateUser
from lab.errors import InputError
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.operating import Done

_TEXT = str | None
PASSWORD_ENV = option("--password-env NAME", "The environment variable with the password (default: a prompt).")
NEW_PASSWORD_ENV = option("--password-env NAME", "The environment variable with the new password.")
_NEW = {
    "password_env": (_TEXT, NEW_PASSWORD_ENV),
    "ask_password": (bool, flag("--ask-password", "Prompt for the new password.")),
    "no_groups": (bool, flag("--no-groups", "Remove the user from all groups.")),
}
_GROUP = {"groups": "--group"}


def show(broker: str = BROKER, run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the users of a broker, with their pending changes.

    Example: mqlab user list tokyo
    """
    account = open_lab.control(run).account
    record, lines = account.broker(broker), []
    for user in record.users:
        its = user.current or user.latest
        groups = f", groups {', '.join(its.groups)}" if its.groups else ""
        console = ", console access" if its.console_access else ""
        pending = "" if user.change is None else f", {user.change} waits for a reboot"
        lines.append(f"{user.name}{groups}{console}{pending}")
    options.show({"brokerId": record.broker_id, "users": list_users(account, broker)}, lines, json)


def _creation(user: str, password_env: str | None, **fields: Any) -> CreateUser:
    password = _password(password_env, user)
    return verb_arguments.read(CreateUser, "--", _GROUP, user=user, password=password, **fields)


def _update(
    user: str,
    password_env: str | None,
    ask_password: bool | None,
    no_groups: bool | None,
    groups: Sequence[str] | None,
    console_access: bool | None,
    **fields: Any,
) -> UpdateUser:
    changes_password = ask_password or password_env is not None
    fields |= {
        "password": _password(password_env, user) if changes_password else None,
        "groups": () if no_groups else groups or None,
        "console_access": console_access,
    }
    return verb_arguments.read(UpdateUser, "--", _GROUP, user=user, **fields)


def _print(live: Live, verb: CreateUser | UpdateUser | DeleteUser, done: Done, json: bool) -> None:
    user, record = verb.user, live.account.broker(verb.broker)
    there = any(each.name == user for each in record.users)
    if there:
        told = f"{user} of {record.name}: {record.user(user).change} waits for a reboot"
    else:
        told = f"the user {user} of {record.name} was not created yet, and will not be"
    options.show(describe_user(live.account, verb.broker, user) if there else {}, [told], json)


def _password(variable: str | None, user: str) -> SecretStr:
    if variable is not None:
        if variable not in os.environ:
            raise InputError.of(f"the environment has no variable {variable}", f"export {variable}, then try again")
        return SecretStr(os.environ[variable])
    if not sys.stdin.isatty():
        raise InputError.of(
            "no password is given, and there is no terminal to ask for one",
            "add --password-env NAME, an environment variable with the password",
        )
    first = getpass.getpass(f"Password for {user}: ")
    if getpass.getpass("Once more: ") != first:
        raise InputError.of("the two passwords differ")
    return SecretStr(first)


_on_user = partial(command, show=_print, arguments=["broker", "user"])
user = {
    "list": show,
    "create": _on_user(
        CreateUser,
        spelled=_GROUP,
        without=["password"],
        more={"password_env": (_TEXT, PASSWORD_ENV)},
        make=_creation,
        example="mqlab user create tokyo clerk --password-env CLERK_PASSWORD --group readers",
    ),
    "update": _on_user(
        UpdateUser,
        spelled=_GROUP,
        without=["password"],
        more=_NEW,
        make=_update,
        example="mqlab user update tokyo clerk --no-groups",
    ),
    "delete": _on_user(DeleteUser, example="mqlab user delete tokyo clerk"),
}

"""user: the users of a running lab's brokers. Passwords come from the environment or a prompt, never as arguments.

A command line's arguments are in the shell's history and in the list of processes.
"""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer
from pydantic import SecretStr

from lab.amazonmq.account.describe import describe_user, list_users
from lab.cli import open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON
from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.delete_user import DeleteUser
from lab.declare.steps.update_user import UpdateUser
from lab.errors import InputError
from lab.living import verb_arguments
from lab.living.lab import Live

USER = Annotated[str, typer.Argument(metavar="USER", help="The user's name.")]
PASSWORD_ENV = Annotated[
    str | None, typer.Option(metavar="NAME", help="The environment variable that holds the password.")
]
GROUP = Annotated[list[str] | None, typer.Option(metavar="GROUP", help="A group of the user's; may be repeated.")]


def show(broker: BROKER, run: OF_RUN = None, json: JSON = False) -> None:
    """List a broker's users, and what waits for its reboot."""
    account = open_lab.control(run).account
    record, lines = account.broker(broker), []
    for user in record.users:
        its = user.current or user.latest
        groups = f", groups {', '.join(its.groups)}" if its.groups else ""
        console = ", console access" if its.console_access else ""
        pending = "" if user.change is None else f", {user.change} waits for a reboot"
        lines.append(f"{user.name}{groups}{console}{pending}")
    options.show({"brokerId": record.broker_id, "users": list_users(account, broker)}, lines, json)


def create(
    broker: BROKER,
    user: USER,
    password_env: PASSWORD_ENV = None,
    group: GROUP = None,
    console_access: Annotated[bool, typer.Option("--console-access", help="May use the web console.")] = False,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Make a user whom the broker knows after its next reboot; the password is asked for, or taken from a variable."""
    password = _password(password_env, user)
    its = {"password": password, "groups": group or (), "console_access": console_access}
    verb = verb_arguments.read(CreateUser, "--", broker=broker, user=user, **its)
    with open_lab.doing(verb, run) as live:
        _print(live, broker, user, json)


def update(
    broker: BROKER,
    user: USER,
    password_env: PASSWORD_ENV = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for another password.")] = False,
    group: GROUP = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="The user is to be in no group.")] = False,
    console_access: Annotated[
        bool | None, typer.Option("--console-access/--no-console-access", help="May use the web console.")
    ] = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Change what is given of a user, from the broker's next reboot on."""
    if group and no_groups:
        raise InputError.of("--group and --no-groups exclude each other")
    changes_password = ask_password or password_env is not None
    if not (changes_password or group or no_groups or console_access is not None):
        right = "--password-env, --ask-password, --group, --no-groups or --console-access"
        raise InputError.of("say what is to change", right)
    password = _password(password_env, user) if changes_password else None
    its = {"password": password, "groups": () if no_groups else group or None, "console_access": console_access}
    verb = verb_arguments.read(UpdateUser, "--", broker=broker, user=user, **its)
    with open_lab.doing(verb, run) as live:
        _print(live, broker, user, json)


def delete(broker: BROKER, user: USER, run: OF_RUN = None, json: JSON = False) -> None:
    """Remove a user with the broker's next reboot."""
    verb = verb_arguments.read(DeleteUser, broker=broker, user=user)
    with open_lab.doing(verb, run) as live:
        _print(live, broker, user, json)


def _print(live: Live, broker: str, user: str, json: bool) -> None:
    record = live.account.broker(broker)
    there = any(each.name == user for each in record.users)
    if there:
        told = f"{user} of {record.name}: {record.user(user).change} waits for a reboot"
    else:
        told = f"{record.name} has no user {user} any more: it was never created"
    options.show(describe_user(live.account, broker, user) if there else {}, [told], json)


def _password(variable: str | None, user: str) -> SecretStr:
    if variable is not None:
        if variable not in os.environ:
            raise InputError.of(f"the environment has no variable {variable}", f"export {variable}, then try again")
        return SecretStr(os.environ[variable])
    if not sys.stdin.isatty():
        raise InputError.of(
            "no password is given, and nobody is there to ask",
            "--password-env NAME takes it from the environment",
        )
    first = getpass.getpass(f"Password for {user}: ")
    if getpass.getpass("Once more: ") != first:
        raise InputError.of("the two passwords are not the same")
    return SecretStr(first)


VERBS = {
    "list": show,
    "create": create,
    "update": update,
    "delete": delete,
}

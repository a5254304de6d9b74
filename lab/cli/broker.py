"""broker: the service's records of a running lab's brokers, and its verbs on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.account_json import describe_broker
from lab.amazonmq.account.broker_record import BrokerState
from lab.cli import broker_text, instances, open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, QUIET
from lab.cli.verb_command import command, option
from lab.declare.steps.base import Step
from lab.declare.steps.service import CreateBroker, DeleteBroker, Reboot, UpdateBroker
from lab.errors import InputError
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.operating import Done

APPLY = ("immediately", "next-window")
CONFIGURATION = Annotated[str | None, option(UpdateBroker, "configuration")]
REVISION = Annotated[str | None, option(UpdateBroker, "revision")]
ROLL_BACK = Annotated[bool, option(UpdateBroker, "roll_back")]
GROUPS = Annotated[list[str] | None, option(UpdateBroker, "security_groups")]
WHEN = Annotated[str, option(UpdateBroker, "apply", metavar="WHEN")]
DOWNTIME = Annotated[str | None, option(UpdateBroker, "downtime")]
WINDOW = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN", help='The day, time and zone of the maintenance window, for example "sunday 03:00 Asia/Tokyo".'
    ),
]


def show(run: OF_RUN = None, json: JSON = False) -> None:
    """List the brokers with their states and pending changes.

    Example: mqlab broker list
    """
    account = open_lab.control(run).account
    told = [line for each in account.brokers for line in broker_text.lines(each)]
    options.show([describe_broker(account, each.name) for each in account.brokers], told, json)


def describe(broker: BROKER, run: OF_RUN = None, json: JSON = False) -> None:
    """Show Amazon MQ's record of a broker.

    Example: mqlab broker describe tokyo
    """
    _print(open_lab.control(run).account, broker, json)


def update(
    broker: BROKER,
    configuration: CONFIGURATION = None,
    revision: REVISION = None,
    roll_back: ROLL_BACK = False,
    security_groups: GROUPS = None,
    maintenance_window: WINDOW = None,
    apply: WHEN = APPLY[1],
    downtime: DOWNTIME = None,
    run: OF_RUN = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> None:
    """Add pending changes to a broker, or reboot the broker to apply them at once.

    Example: mqlab broker update tokyo --revision 1 --apply immediately
    """
    if apply not in APPLY:
        raise InputError.of(f"--apply: {apply!r} is not a moment", f"write {' or '.join(APPLY)}")
    if roll_back and (configuration is not None or revision is not None):
        raise InputError.of("--roll-back chooses the revision", "remove --configuration and --revision")
    nothing = not (
        roll_back or configuration is not None or revision is not None or security_groups or maintenance_window
    )
    if nothing and apply != "immediately":
        raise InputError.of(
            "no change is given",
            "add --configuration, --revision, --roll-back, --security-groups or --maintenance-window",
        )
    if downtime is not None and apply != "immediately":
        raise InputError.of(
            "--downtime applies only to a reboot, and no broker is rebooted now", "add --apply immediately"
        )
    restart = verb_arguments.read(Reboot, "--", broker=broker, downtime=downtime)
    verbs: list[Step] = []
    if roll_back or configuration is not None or revision is not None or security_groups:
        chosen = {"configuration": configuration, "revision": revision, "security_groups": security_groups or None}
        verbs.append(verb_arguments.read(UpdateBroker, "--", broker=broker, roll_back=roll_back, **chosen))
    if maintenance_window is not None:
        verbs.append(verb_arguments.maintenance_window(broker, maintenance_window))
    with open_lab.in_turn(run, quiet=quiet) as live:
        for verb in verbs or [_newest(live.account, broker)]:
            live.do(verb)
        if apply == "immediately":
            _apply(live, restart, quiet)
        _print(live.account, broker, json)


def create(
    name: BROKER,
    run: OF_RUN = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> None:
    """Create and start a broker that the topology declares with later: yes.

    Example: mqlab broker create osaka
    """
    verb = verb_arguments.read(CreateBroker, broker=name)
    begun = _states(run).get(name) is BrokerState.CREATION_IN_PROGRESS
    with open_lab.in_turn(run, quiet=quiet) as live:
        if not (begun and _is_running(live, name)):  # else the turn has just ended the creation that was interrupted
            with options.progress(quiet).stage(f"create {name}"):
                live.do(verb)
        _print(live.account, name, json)


def delete(broker: BROKER, run: OF_RUN = None, quiet: QUIET = False, json: JSON = False) -> None:
    """Delete a broker and all its messages; its configuration stays, and its log stays in the run folder.

    Example: mqlab broker delete singapore
    """
    its = open_lab.control(run).account.broker(broker)
    verb = verb_arguments.read(DeleteBroker, broker=its.name)
    with open_lab.in_turn(run, quiet=quiet) as live:
        there = any(each.broker_id == its.broker_id for each in live.account.brokers)
        if there or its.state is not BrokerState.DELETION_IN_PROGRESS:  # else the turn has just ended the deletion
            with options.progress(quiet).stage(f"delete {its.name}"):
                live.do(verb)
        kept = Path(live.lab.note.folder) / "logs"
    told = f"{its.name} is deleted; {its.current.configuration} stays, and its log is in {kept}"
    options.show({"brokerId": its.broker_id}, [told], json)


def _print(account: Account, broker: str, json: bool) -> None:
    record = account.broker(broker)
    told = broker_text.lines(record)
    told.append(f"  earlier: {', '.join(map(str, record.history)) or 'none'}")
    told.append(f"  users: {', '.join(user.name for user in record.users)}")
    if record.security_groups:
        told.append(f"  security groups: {', '.join(record.security_groups)}")
    told.append(f"  maintenance window: {record.window}")
    options.show(describe_broker(account, broker), told, json)


def _states(run: str | None) -> dict[str, BrokerState]:
    return {each.name: each.state for each in open_lab.control(run).account.brokers}


def _is_running(live: Live, name: str) -> bool:
    return any(each.name == name and each.state is BrokerState.RUNNING for each in live.account.brokers)


def _newest(account: Account, broker: str) -> Step:
    """Return the update to the newest revision of the configuration that a broker has, or has pending."""
    its = account.broker(broker)
    return verb_arguments.read(
        UpdateBroker, "--", broker=broker, configuration=(its.pending or its.current).configuration
    )


def _apply(live: Live, verb: Reboot, quiet: bool) -> None:
    """Reboot a broker if a change is pending; a new maintenance window, or the current revision, needs no reboot."""
    if live.account.broker(verb.broker).has_pending:
        _reboot(live, verb, quiet)
    elif not quiet:
        options.err().print(
            f"no change is pending for {escape(verb.broker)}, so the broker is not rebooted", soft_wrap=True
        )


def _reboot(live: Live, verb: Reboot, quiet: bool) -> None:
    with options.progress(quiet).stage(verb.words()):
        _warn(live.do(verb))


def _rebooted(live: Live, verb: Reboot, done: Done, json: bool) -> None:
    _warn(done)
    _print(live.account, verb.broker, json)


def _warn(done: Done) -> None:
    if done.note:
        options.err().print(f"[yellow]warning:[/yellow] {escape(done.note)}", soft_wrap=True)


VERBS = {
    "list": show,
    "describe": describe,
    "update": update,
    "reboot": command(
        Reboot,
        _rebooted,
        arguments=["broker"],
        without=["within"],
        waits=True,
        example="mqlab broker reboot tokyo",
    ),
    **instances.VERBS,
    "create": create,
    "delete": delete,
}

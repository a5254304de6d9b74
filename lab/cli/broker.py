"""broker, connector: the service's records of a running lab's brokers, its verbs on them, and faults of both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich.markup import escape

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.account_json import describe_broker, pending_changes
from lab.amazonmq.account.broker_record import BrokerRecord, BrokerState
from lab.cli import open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, QUIET, option
from lab.cli.verb_command import command, declared_by, field_option
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.steps.instances import ConnectorStep
from lab.declare.steps.service import CreateBroker, DeleteBroker, Reboot, UpdateBroker
from lab.errors import InputError
from lab.history import BrokerChanged, ConnectorChanged
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.operating import Done

APPLY = ("immediately", "next-window")
WINDOW = option(
    "--maintenance-window WHEN",
    'The day, time and zone of the maintenance window, for example "sunday 03:00 Asia/Tokyo".',
)


def show(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the brokers with their states and pending changes.

    Example: mqlab broker list
    """
    account = open_lab.control(run).account
    lines = [line for record in account.brokers for line in record_lines(record)]
    options.show([describe_broker(account, record.name) for record in account.brokers], lines, json)


def describe(broker: str = BROKER, run: str | None = OF_RUN, json: bool = JSON) -> None:
    """Show Amazon MQ's record of a broker.

    Example: mqlab broker describe tokyo
    """
    _print(open_lab.control(run).account, broker, json)


def update(
    broker: str = BROKER,
    configuration: str | None = field_option(UpdateBroker, "configuration"),
    revision: str | None = field_option(UpdateBroker, "revision"),
    roll_back: bool = field_option(UpdateBroker, "roll_back", default=False),
    security_groups: list[str] | None = field_option(UpdateBroker, "security_groups"),
    maintenance_window: str | None = WINDOW,
    apply: str = field_option(UpdateBroker, "apply", metavar="WHEN", default=APPLY[1]),
    downtime: str | None = field_option(UpdateBroker, "downtime"),
    run: str | None = OF_RUN,
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Add pending changes to a broker, or reboot the broker to apply them at once.

    Example: mqlab broker update tokyo --revision 1 --apply immediately
    """
    if apply not in APPLY:
        raise InputError.of(f"--apply: {apply!r} is not a moment", f"write {' or '.join(APPLY)}")
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


def _create(verb: CreateBroker, run: str | None, quiet: bool, json: bool) -> None:
    begun = _states(run).get(verb.broker) is BrokerState.CREATION_IN_PROGRESS
    with open_lab.in_turn(run, quiet=quiet) as live:
        if not (begun and _is_running(live, verb.broker)):  # else the turn has ended the creation that was interrupted
            with options.progress(quiet).stage(f"create {verb.broker}"):
                live.do(verb)
        _print(live.account, verb.broker, json)


def _delete(verb: DeleteBroker, run: str | None, quiet: bool, json: bool) -> None:
    record = open_lab.control(run).account.broker(verb.broker)
    with open_lab.in_turn(run, quiet=quiet) as live:
        there = any(record_now.broker_id == record.broker_id for record_now in live.account.brokers)
        if there or record.state is not BrokerState.DELETION_IN_PROGRESS:  # else the turn has just ended the deletion
            with options.progress(quiet).stage(f"delete {record.name}"):
                live.do(verb_arguments.read(DeleteBroker, broker=record.name))
        kept = Path(live.lab.note.folder) / "logs"
    sentence = f"{record.name} is deleted; {record.current.configuration} stays, and its log is in {kept}"
    options.show({"brokerId": record.broker_id}, [sentence], json)


def _print(account: Account, broker: str, json: bool) -> None:
    record = account.broker(broker)
    lines = record_lines(record)
    lines.append(f"  earlier: {', '.join(map(str, record.history)) or 'none'}")
    lines.append(f"  users: {', '.join(user.name for user in record.users)}")
    if record.security_groups:
        lines.append(f"  security groups: {', '.join(record.security_groups)}")
    lines.append(f"  maintenance window: {record.window}")
    options.show(describe_broker(account, broker), lines, json)


def _states(run: str | None) -> dict[str, BrokerState]:
    return {each.name: each.state for each in open_lab.control(run).account.brokers}


def _is_running(live: Live, name: str) -> bool:
    return any(each.name == name and each.state is BrokerState.RUNNING for each in live.account.brokers)


def _newest(account: Account, broker: str) -> Step:
    """Return the update to the newest revision of the configuration that a broker has, or has pending."""
    record = account.broker(broker)
    return verb_arguments.read(
        UpdateBroker, "--", broker=broker, configuration=(record.pending or record.current).configuration
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


def record_lines(record: BrokerRecord) -> list[str]:
    """Return the service's record of a broker as a few lines of text."""
    lines = [f"{record.name}: {record.state}, {record.current}"]
    if record.pending is not None:
        lines.append(f"  pending: {record.pending}, until a reboot")
    if record.pending_security_groups is not None:
        lines.append(f"  pending security groups: {', '.join(record.pending_security_groups) or 'none'}")
    lines += [f"  pending user: {user}, {change}" for user, change in pending_changes(record).items()]
    return lines


def show_changes(done: Done, json: bool) -> None:
    """Print the changes that a verb made, each with its time on the lab's clock."""
    changes = [seen for seen in done.observations if isinstance(seen, BrokerChanged | ConnectorChanged)]
    options.show([{"t": each.t, **each.told()} for each in changes], _change_lines(changes), json)


def show_outcome(live: Live, verb: Step, done: Done, json: bool) -> None:
    """Print the changes that a verb made to a running lab."""
    show_changes(done, json)


def _change_lines(changes: list[BrokerChanged | ConnectorChanged]) -> Iterator[str]:
    for change in changes:
        match change:
            case BrokerChanged(instance=0):
                part = change.broker
            case BrokerChanged():
                role = "the standby" if change.standby else "the active one"
                part = f"instance {change.instance} of {change.broker}, {role},"
            case ConnectorChanged():
                part = f"connector {change.connector} of {change.broker}"
        yield f"{change.t:.3f} s: {part} {change.state}"


_on_instance = partial(command, show=show_outcome, arguments=["broker"])
_FAULTS = {
    verb: _on_instance(STEPS[verb], waits=verb in ("stop", "start"), example=f"mqlab broker {verb} tokyo")
    for verb in ("kill", "stop", "start", "pause", "resume")
}


broker = {
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
    **_FAULTS,
    "create": declared_by(
        CreateBroker,
        _create,
        arguments=["broker"],
        without=["within"],
        quiet=True,
        about="Create and start a broker that the topology declares with later: yes.",
        example="mqlab broker create osaka",
    ),
    "delete": declared_by(
        DeleteBroker, _delete, arguments=["broker"], quiet=True, example="mqlab broker delete singapore"
    ),
}


_on_connector = partial(
    command, ConnectorStep, show_outcome, arguments=["broker", "name"], spelled={"name": "CONNECTOR"}
)
connector = {
    "stop": _on_connector(
        do="stop",
        about="Stop a network connector over its broker's JMX; its bridges close.",
        example="mqlab connector stop tokyo connector_tokyo_to_singapore",
    ),
    "start": _on_connector(
        do="start",
        about="Start a network connector that was stopped.",
        example="mqlab connector start tokyo connector_tokyo_to_singapore",
    ),
}

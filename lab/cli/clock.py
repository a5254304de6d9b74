"""clock: the service's clock in a running lab, by which maintenance windows open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lab.amazonmq.account.account import Account, clock_text
from lab.amazonmq.account.broker_record import BrokerRecord
from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, QUIET
from lab.cli.verb_command import field_option
from lab.declare.steps.service import JUST_BEFORE, MoveClock
from lab.living import verb_arguments


def clock(
    to: str | None = field_option(MoveClock, "to", metavar="WHEN"),
    before: str | None = field_option(MoveClock, "before", metavar="BROKER"),
    by: str | None = field_option(MoveClock, "by"),
    run: str | None = OF_RUN,
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Show Amazon MQ's clock and the next maintenance windows, or move the clock forward.

    Example: mqlab clock --before tokyo
    """
    if to is None and before is None:
        account = open_lab.control(run).account
    else:
        verb = verb_arguments.move_clock(to=to, before=before, by=JUST_BEFORE if by is None else by, mark="--")
        with open_lab.in_turn(run, quiet=quiet) as live:
            live.do(verb)
            account = live.account
    _print(account, datetime.now(UTC), json)


def _print(account: Account, machine: datetime, json: bool) -> None:
    now = account.now(machine)
    lines = [f"the service's clock is at {clock_text(now)}"]
    for each in account.brokers:
        opens = each.window.opens_after(now)
        waits = "changes are pending" if each.has_pending else "no change is pending"
        lines.append(f"{each.name}: {each.window} opens at {clock_text(opens)}, {waits}")
    windows = [_window(each, now) for each in account.brokers]
    options.show({"now": now.isoformat(), "windows": windows}, lines, json)


def _window(record: BrokerRecord, now: datetime) -> dict[str, Any]:
    return {
        "broker": record.name,
        "window": str(record.window),
        "opens": record.window.opens_after(now).isoformat(),
        "pending": record.has_pending,
    }

"""The wait for a lab's end, with maintenance windows and interrupted verbs attended to meanwhile.

Other processes change the lab, and its clock, at the same time; they do so on file, which is read here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lab.amazonmq.account.account import Account, due_brokers, open_windows, unfinished
from lab.runtime import state_file as state_files
from lab.runtime.clock import Clock
from lab.runtime.turns import is_free
from lab.runtime.verb_owners import is_owned

POLL_SECONDS = 0.5  # seconds between two reads of the note, which gives no sign of a change
RETRY_AFTER = 60.0  # seconds before a failed attempt is repeated


def stand(
    run: str,
    folder: Path,
    clock: Clock,
    machine: Callable[[], datetime],
    attend: Callable[[], None],
) -> None:
    """Return when a lab has ended; call `attend` each time that a maintenance window opens with a change pending.

    `attend` is called too if a reboot, creation or deletion was interrupted: begun, while no process holds the turn.
    """

    def wanted(account: Account | None) -> bool:
        return account is not None and (
            opened(account, machine()) or (_has_died(account, run, folder) and is_free(run, folder))
        )

    not_before = clock.now()
    while (written := state_files.write_token(run, folder)) is not None:
        account = _account(run, folder)
        while state_files.write_token(run, folder) == written:
            if clock.now() >= not_before and wanted(account):
                attend()
                if wanted(_account(run, folder)):  # it failed, which was shown
                    not_before = clock.now() + RETRY_AFTER
            else:
                clock.sleep(POLL_SECONDS)


def _has_died(account: Account, run: str, folder: Path) -> bool:
    """Return whether a reboot, a creation or a deletion has begun, and no process goes on with it."""
    return any(not is_owned(run, broker, folder) for _, broker in unfinished(account))


def opened(account: Account, machine: datetime) -> bool:
    """Return whether a maintenance window has opened with a change pending."""
    found, _ = open_windows(account, machine)
    return bool(due_brokers(found))


def _account(run: str, folder: Path) -> Account | None:
    note = state_files.load(run, folder)
    return None if note is None else note.control.account

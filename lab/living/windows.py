"""A lab that stands for as long as its `up` does, and what it does meanwhile: keep windows, end what was cut short.

Commands change the lab at the same time, and its clock too; they leave what they did on file, which is looked at here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from lab.amazonmq.account.account import Account, due_brokers, open_windows, unfinished
from lab.runtime import note as notes
from lab.runtime.clock import Clock
from lab.runtime.turns import is_free

LOOK_EVERY = 0.5  # seconds between two looks: the file tells nobody that it has changed
PATIENCE = 60.0  # seconds before what could not be done is tried again


def stand(
    run: str,
    folder: Path,
    clock: Clock,
    machine: Callable[[], datetime],
    attend: Callable[[], None],
) -> None:
    """Return when a lab has ended; `attend` is called each time that a maintenance window opens and finds something.

    It is called too where a reboot, a creation or a deletion was begun and nobody is at it: it was cut short.
    """

    def wanted(account: Account | None) -> bool:
        return account is not None and (
            opened(account, machine()) or (bool(unfinished(account)) and is_free(run, folder))
        )

    not_before = clock.now()
    while (written := notes.write_token(run, folder)) is not None:
        account = _account(run, folder)
        while notes.write_token(run, folder) == written:
            if clock.now() >= not_before and wanted(account):
                attend()
                if wanted(_account(run, folder)):  # it came to nothing, and that was told
                    not_before = clock.now() + PATIENCE
            else:
                clock.sleep(LOOK_EVERY)


def opened(account: Account, machine: datetime) -> bool:
    """Return whether a window has opened that somebody has to attend to."""
    found, _ = open_windows(account, machine)
    return bool(due_brokers(found))


def _account(run: str, folder: Path) -> Account | None:
    note = notes.load(run, folder)
    return None if note is None else note.control.account

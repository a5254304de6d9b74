"""Reaching a lab that is open, whichever process opened it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.living import keeper_process
from lab.living.history import PYTHON
from lab.living.lab import Live, warned
from lab.runtime import note as notes
from lab.runtime.note import note_folder
from lab.runtime.progress import Told
from lab.runtimes import runtime


@contextmanager
def attach(
    run: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    progress: Told | None = None,
    by: str = PYTHON,
) -> Iterator[Live]:
    """Return an open lab: by its run id, or the beginning or end of that, or else the only one.

    It goes on after the block. `by` is recorded in the lab's history as the way by which verbs come.

    >>> with labs.up("tokyo-singapore", detach=True) as opened, labs.attach(opened.run) as lab:
    ...     str(lab.account.broker("tokyo").state)
    'RUNNING'
    >>> _ = labs.down(opened.run)
    """
    folder = note_folder(environment)
    note = notes.choose(notes.load_all(folder), run)
    keeper_process.start(note, environment)
    with runtime(note.runtime, environment) as its, its.attach(note, folder) as lab, Live(lab, progress, by=by) as live:
        yield live


def attend(run: str, told: Told, *, by: str) -> None:
    """Do what open maintenance windows and interrupted verbs require; a failure is a warning, and the lab goes on."""
    with warned("do what was due or cut short", told), attach(run, progress=told, by=by) as live, live.turn():
        pass  # the beginning of a turn does all of it

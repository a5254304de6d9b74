"""Reaching a lab that is open, whichever process opened it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.errors import HostError, InputError
from lab.living import monitor_process
from lab.living.half_done import warned
from lab.living.history import PYTHON
from lab.living.lab import Live
from lab.operating.runtimes import AllRuntimes, runtime
from lab.runtime import state_file as state_files
from lab.runtime.progress import Told
from lab.runtime.runtime import Lost, Runtime
from lab.runtime.state_file import StateFile, note_folder


@contextmanager
def attach(
    run: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    progress: Told | None = None,
    by: str = PYTHON,
) -> Iterator[Live]:
    """Return an open lab: by its run id, or the beginning or end of that, or else the only one, or MQLAB_RUN's.

    The lab stays open after the block. `by` is recorded in the lab's history as the origin of its verbs.

    >>> with labs.up("tokyo-singapore", detach=True) as opened, labs.attach(opened.run) as lab:
    ...     str(lab.account.broker("tokyo").state)
    'RUNNING'
    >>> _ = labs.down(opened.run)
    """
    folder = note_folder(environment)
    note = chosen(run, environment)
    monitor_process.start(note, environment)
    with (
        runtime(note.runtime, environment) as opened,
        opened.attach(note, folder) as lab,
        Live(lab, progress, by=by) as live,
    ):
        yield live


def chosen(
    run: str | None, environment: Mapping[str, str] = os.environ, runtimes: tuple[Runtime, ...] | None = None
) -> StateFile:
    """Return the note of the open lab that a run id means; raise InputError, which names a lab whose note is lost.

    No runtime is queried if a state file is found.
    """
    folder = note_folder(environment)
    known = state_files.load_all(folder)
    if not state_files.fitting(known, run):
        with suppress(HostError), AllRuntimes(environment, runtimes) as its:
            refuse_lost(its.labs(folder), run)
    return state_files.choose(known, run, environment)


def why_over(note: StateFile, folder: Path) -> InputError | None:
    """Return the reason why a lab is over: it has ended, or the process that kept it has died; None if it is not."""
    if state_files.write_token(note.run, folder) is None:
        return InputError.of(f"lab {note.run} has ended", "list the running labs: mqlab status")
    from lab.runtime.owner import Owner  # here, since a simulation does without psutil

    owner = Owner.parse(note.owner)
    if note.detached or owner is None or not owner.is_dead(Owner.current()):
        return None
    return InputError.of(f"the process that opened lab {note.run} has died", "remove the lab: mqlab sweep")


def refuse_lost(labs: Sequence[StateFile | Lost], run: str | None) -> None:
    """Raise InputError if a run id means labs whose state file is lost: such labs can only be ended."""
    lost = [each for each in state_files.fitting(labs, run) if isinstance(each, Lost)]
    if lost:
        what = "; ".join(f"lab {each.run}: {each.scenario}" for each in lost)
        raise InputError.of(what, "\n".join(f"end the lab: mqlab down {each.run}" for each in lost))


def attend(run: str, progress: Told, *, by: str) -> None:
    """Reboot for open maintenance windows and complete interrupted verbs; a failure is only a warning."""
    with (
        warned("complete due and interrupted work", progress),
        attach(run, progress=progress, by=by) as live,
        live.turn(),
    ):
        pass  # the beginning of a turn does both

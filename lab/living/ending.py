"""The end of an open lab: its parts are removed, then its history ends, then its monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.errors import LabError
from lab.history import Ended, SharedHistory
from lab.living import monitor_process
from lab.living.history import FILE, end_history, file_of
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost, Removal, Runtime
from lab.runtime.state_file import StateFile


def end(lab: StateFile | Lost, runtime: Runtime, note_folder: Path) -> Removal:
    """End a lab, its history and its monitor, and return what was removed.

    No other process writes to the history meanwhile; after an error both continue. If it cannot be written, the lab
    ends all the same.
    """
    warnings: list[str] = []
    with ExitStack() as stack:
        finish = None
        if (path := _history(lab)) is not None:
            try:
                file = stack.enter_context(closing(SharedHistory(path)))
                finish = stack.enter_context(file.held())
            except (OSError, ValueError) as error:
                warnings.append(f"the history {path} could not be ended: {error}")
        removal = runtime.end(lab, note_folder) if isinstance(lab, StateFile) else runtime.end_lost(lab, note_folder)
        if finish is not None:
            try:
                finish(_ended(lab))
            except OSError as error:
                warnings.append(f"the history {path} could not be ended: {error}")
    if isinstance(lab, StateFile):
        with suppress(OSError):  # it could not be kept, then
            monitor_process.await_end(lab)
    return replace(removal, warnings=(*removal.warnings, *warnings))


def end_each(
    labs: Iterable[StateFile | Lost], runtime_of: Callable[[StateFile | Lost], Runtime], note_folder: Path
) -> tuple[dict[str, Removal], list[LabError]]:
    """End labs one after another, even after an error; return the removed parts by run, and the errors."""
    removed: dict[str, Removal] = {}
    failed: list[LabError] = []
    for each in labs:
        try:
            removed[each.run] = end(each, runtime_of(each), note_folder)
        except LabError as error:
            failed.append(error)
    return removed, failed


def end_history_of_closed(note: StateFile, t: float, note_folder: Path, warn: Callable[[str], None]) -> None:
    """End a lab's history, unless parts of the lab are left, which `down` is still to end."""
    if state_files.write_token(note.run, note_folder) is None:
        try:
            end_history(note, t)
        except OSError as error:  # the lab has gone all the same
            warn(f"the history of lab {note.run} could not be ended: {error}")


def _history(lab: StateFile | Lost) -> Path | None:
    if isinstance(lab, StateFile):
        return file_of(lab)
    return None if lab.folder is None else lab.folder / FILE


def _ended(lab: StateFile | Lost) -> Ended:
    if isinstance(lab, StateFile):
        return Ended(t=lab.now(), complete=True, note="the lab was ended")
    # The origin of the lab's clock was in the note; the label's moment is true to a second.
    t = (datetime.now(UTC) - datetime.fromisoformat(lab.created)).total_seconds()
    return Ended(t=t, complete=False, note="the lab's state file was lost, and the lab was ended by its labels")

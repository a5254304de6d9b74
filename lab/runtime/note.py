"""The note of a lab that stands: a file by which other processes of the same user find it, for status, logs, down.

It may hold secrets of the lab's runtime, so it is readable by its owner only, and goes when the lab goes. A note of
another version of mqlab is left alone, but for those of before a note named its runtime.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from lab.errors import InputError
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.clock import Origin, boot


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One lab that stands."""

    run: str
    scenario: str
    plan: Plan
    control: Control  # the service's side, as the last command left it; what a replay does to its own is the replay's
    folder: str  # the run folder
    owner: str  # as an Owner writes itself
    detached: bool
    replaying: bool = False  # a scenario's steps are done to it, and nothing else
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down
    opened: datetime
    origin: Origin | None  # of its clock; None of a lab that was opened before notes had it
    runtime: str  # its name
    own: Mapping[str, Any] = field(repr=False)  # what its runtime alone can read, JSON-able

    @property
    def to_come(self) -> tuple[str, ...]:
        """Name the brokers that nobody has created yet."""
        return tuple(record.name for record, _ in self.control.later)

    @property
    def deleted(self) -> tuple[str, ...]:
        """Name the brokers that somebody has deleted."""
        there = {each.name for each in self.control.account.brokers} | set(self.to_come)
        return tuple(broker.name for broker in self.plan.brokers if broker.name not in there)

    @property
    def began(self) -> float:
        """Return when the lab's clock began, in seconds of this machine's monotonic clock, whichever process asks."""
        if self.origin is not None and self.origin.boot == boot():
            return self.origin.monotonic
        return time.monotonic() - (datetime.now(UTC) - self.opened).total_seconds()


def new_run_id() -> str:
    """Return the id of a new run: when, and six digits that keep runs of one second apart."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def note_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the notes: MQLAB_STATE, or the user's state folder."""
    if chosen := environment.get("MQLAB_STATE"):
        return Path(chosen)
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".local/state")
    return Path(base) / "mqlab" / "labs"


def save(note: Note, folder: Path) -> None:
    """Write a note, whole or not at all, for its owner's eyes only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        _write(note, folder)


def update(note: Note, folder: Path) -> bool:
    """Write another note of a lab that still has one; False, and nothing written, where it has gone meanwhile."""
    if not folder.is_dir():
        return False
    with _alone(folder):
        if not _file(note.run, folder).exists():
            return False
        _write(note, folder)
        return True


def load_all(folder: Path) -> tuple[Note, ...]:
    """Return every note, the oldest lab's first; one written by another version is left alone."""
    found = (_read(path) for path in sorted(folder.glob("*.json"))) if folder.is_dir() else ()
    return tuple(note for note in found if note is not None)


def load(run: str, folder: Path) -> Note | None:
    """Return one lab's note, None where there is none, or it was written by another version."""
    return _read(_file(run, folder))


def written(run: str, folder: Path) -> tuple[int, int] | None:
    """Return a token that differs after every write of a lab's note, None where the lab has gone."""
    try:
        found = _file(run, folder).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def forget(run: str, folder: Path) -> None:
    """Remove a lab's note, and the lock that goes with it."""
    if folder.is_dir():
        with _alone(folder):
            _file(run, folder).unlink(missing_ok=True)
            _part(run, folder).unlink(missing_ok=True)
            lock_file(run, folder).unlink(missing_ok=True)


def forget_parts(folder: Path) -> None:
    """Remove what writers that were killed have left; nobody writes meanwhile."""
    if folder.is_dir():
        with _alone(folder):
            for path in folder.glob("*.part"):
                path.unlink(missing_ok=True)


def chosen(known: tuple[Note, ...], run: str | None) -> Note:
    """Return the lab that is meant by a run id, its beginning or its end; InputError with all there are."""
    fitting = [note for note in known if run is None or note.run.startswith(run) or note.run.endswith(run)]
    if len(fitting) == 1:
        return fitting[0]
    running = "\n".join(f"{note.run}  {note.scenario}" for note in known)
    if not known:
        raise InputError.of("no lab is running", "mqlab up SCENARIO opens one")
    if not fitting:
        raise InputError.of(f'no lab "{run}" is running', f"running:\n{running}")
    raise InputError.of("more than one lab is running: say which", running)


def lock_file(run: str, folder: Path) -> Path:
    """Return the file that whoever changes a lab locks."""
    return folder / f"{run}.lock"


def _file(run: str, folder: Path) -> Path:
    return folder / f"{run}.json"


def _part(run: str, folder: Path) -> Path:
    return folder / f"{run}.part"


def _read(path: Path) -> Note | None:
    try:
        written = dict(json.loads(path.read_bytes()))
        return _codec().validate_json(json.dumps(written if "runtime" in written else _named(written)))
    except (FileNotFoundError, TypeError, ValueError, KeyError):
        return None


def _named(earlier: dict[str, Any]) -> dict[str, Any]:
    """Return what was written when there was one runtime only, whose part was not kept apart."""
    its = {"run", "scenario", "plan", "folder", "owner", "detached", "control", "replaying", "reboot_time"}
    return {
        **{key: earlier[key] for key in its & earlier.keys()},
        "opened": datetime.strptime(earlier["run"].rpartition("-")[0], "%Y%m%d-%H%M%S").isoformat() + "Z",
        "origin": None,
        "runtime": "emulation",
        "own": {key: value for key, value in earlier.items() if key not in its},
    }


@cache
def _codec() -> TypeAdapter[Note]:
    return TypeAdapter(Note)


def _write(note: Note, folder: Path) -> None:
    target, part = _file(note.run, folder), _part(note.run, folder)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_codec().dump_json(note))
    part.replace(target)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from writing and forgetting at the same moment: what `down` removes must not be written again."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

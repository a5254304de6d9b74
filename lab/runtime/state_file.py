"""The state file of an open lab: other processes of the same user find the lab by it, for status, logs, down.

It may have secrets of the lab's runtime, so only its owner can read it, and it is removed with the lab. A file that
this version cannot read is ignored.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import msgspec
from msgspec import Struct, field, structs

from lab.base import settings
from lab.base.file_locks import folder_locked
from lab.base.text_files import is_file, unwritable
from lab.errors import HostError, InputError
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.clock import Origin, boot


class StateFile(Struct, frozen=True, kw_only=True):
    """The facts of one open lab."""

    run: str
    scenario: str
    plan: Plan
    control: Control  # the service's records after the last command; a replay keeps its own
    folder: str  # the run folder
    owner: str  # str() of an Owner
    detached: bool
    replaying: bool = False  # a replay changes the lab, and commands do not
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down
    opened: datetime
    origin: Origin  # of the lab's clock
    runtime: str  # the runtime's name
    off: Mapping[str, bool] = field(default_factory=dict)  # instance that a verb has taken out → whether it was active
    recorded: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # of these: see StandingLab.keep_off
    own: Mapping[str, Any]  # JSON-able data that only the runtime reads; it may hold secrets

    def __repr__(self) -> str:
        return f"StateFile(run={self.run!r}, scenario={self.scenario!r}, runtime={self.runtime!r})"

    def with_fields(self, **fields: Any) -> Self:
        """Return a copy with new contents in some fields."""
        return structs.replace(self, **fields)

    @property
    def not_created(self) -> tuple[str, ...]:
        """Return the names of the brokers that are declared for later and not created yet."""
        return tuple(record.name for record, _ in self.control.account.later)

    @property
    def deleted(self) -> tuple[str, ...]:
        """Return the names of the brokers that were deleted."""
        there = {each.name for each in self.control.account.brokers} | set(self.not_created)
        return tuple(broker.name for broker in self.plan.brokers if broker.name not in there)

    def now(self) -> float:
        """Return the seconds since the lab's clock began, the same for every process."""
        return time.monotonic() - self.began

    @property
    def began(self) -> float:
        """Return the moment the lab's clock began, in seconds of this machine's monotonic clock."""
        if self.origin.boot == boot():
            return self.origin.monotonic
        return time.monotonic() - (datetime.now(UTC) - self.opened).total_seconds()


def new_run_id() -> str:
    """Return the id of a new run: date, time, and six hex digits that keep runs of one second apart."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def note_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the state files: MQLAB_STATE, or the user's state folder; HostError if there is neither."""
    if chosen := settings.STATE.get(environment):
        named = Path(chosen)
        if is_file(named):
            raise InputError.of(f"{settings.STATE.name}: {chosen} is a file", "name a folder")
        return named
    if (folder := settings.state_folder(environment)) is None:
        raise HostError(
            "there is no folder for the state files of labs: this user has no home folder, and HOME is not set",
            "set HOME, or MQLAB_STATE, to a folder that is yours alone: a state file has a lab's passwords",
        )
    return folder


def noted(environment: Mapping[str, str]) -> tuple[StateFile, ...]:
    """Return the state files as `load_all` does, or none if their folder does not exist."""
    try:
        return load_all(note_folder(environment))
    except HostError:
        return ()


def make_folder(folder: Path) -> None:
    """Make the folder of the state files, only for its owner, unless it exists; HostError if it is not writable."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Raise HostError, which names the folder of the state files, for an OSError in the block."""
    try:
        yield
    except OSError as error:
        room = "free some space there, or set MQLAB_STATE to a folder on another disk"
        what = f"state files cannot be written in {folder}: {error.strerror}"
        remedy = "set MQLAB_STATE to a folder that is yours alone: a state file has a lab's passwords"
        raise unwritable(folder, error, room, problem=what, remedy=remedy) from error


def save(note: StateFile, folder: Path) -> None:
    """Write a state file, whole or not at all, readable by its owner only; HostError if it cannot be written."""
    make_folder(folder)
    with writing_to(folder), folder_locked(folder):
        _write(note, folder)


def update(note: StateFile, folder: Path) -> bool:
    """Replace a lab's state file and return True; return False, and write nothing, if the file is gone.

    The lock is the folder's: a state file that `down` removes is not written again.
    """
    if not folder.is_dir():
        return False
    with writing_to(folder), folder_locked(folder):
        if not _file(note.run, folder).exists():
            return False
        _write(note, folder)
        return True


def load_all(folder: Path) -> tuple[StateFile, ...]:
    """Return every state file, the oldest lab's first; files that this version cannot read are left out."""
    found = (_read(path) for path in sorted(folder.glob("*.json"))) if folder.is_dir() else ()
    return tuple(note for note in found if note is not None)


def load(run: str, folder: Path) -> StateFile | None:
    """Return one lab's state file; None if it does not exist, or this version cannot read it."""
    return _read(_file(run, folder))


def write_token(run: str, folder: Path) -> tuple[int, int] | None:
    """Return a token that differs after every write of a lab's state file; None if the lab has none."""
    try:
        found = _file(run, folder).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def forget(run: str, folder: Path) -> None:
    """Remove a lab's state file and its lock file."""
    if folder.is_dir():
        with folder_locked(folder):
            _file(run, folder).unlink(missing_ok=True)
            _part(run, folder).unlink(missing_ok=True)
            lock_file(run, folder).unlink(missing_ok=True)
            for path in folder.glob(f"{run}.*.owner"):
                path.unlink(missing_ok=True)


def forget_parts(folder: Path) -> None:
    """Remove the partly written state files of killed processes."""
    if folder.is_dir():
        with folder_locked(folder):
            for path in folder.glob("*.part"):
                path.unlink(missing_ok=True)


class _Named(Protocol):
    @property
    def run(self) -> str: ...

    @property
    def scenario(self) -> str: ...


_Lab = TypeVar("_Lab", bound=_Named)


def fitting(known: Sequence[_Lab], run: str | None) -> list[_Lab]:
    """Return the labs that a run id means, given whole or by its beginning or end; all labs for None."""
    return [each for each in known if run is None or each.run.startswith(run) or each.run.endswith(run)]


def choose(known: Sequence[_Lab], run: str | None, environment: Mapping[str, str]) -> _Lab:
    """Return the lab of a run id, given whole or by its beginning or end, or the only lab for None.

    Without a run id, MQLAB_RUN of the environment names the lab in the same way. Raise InputError, which lists
    the labs, unless exactly one fits: a shell that has outlived its lab, whose whole id it has, means no other one.
    """
    of_shell = (settings.RUN.get(environment) or None) if run is None else None
    found = fitting(known, of_shell if run is None else run)
    if len(found) == 1:
        return found[0]
    running = "\n".join(f"{note.run}  {note.scenario}" for note in known)
    if not known:
        raise InputError.of("no lab is running", "run mqlab up SCENARIO to open one")
    if not found and of_shell:
        what = f'no lab "{of_shell}" is running, but MQLAB_RUN of this shell names it'
        raise InputError.of(what, f"unset MQLAB_RUN, or name a run; running:\n{running}")
    if not found:
        raise InputError.of(f'no lab "{run}" is running', f"running:\n{running}")
    if of_shell:
        what = f'MQLAB_RUN of this shell, "{of_shell}", fits more than one running lab'
        raise InputError.of(what, f"set it to a whole run id, or name a run; running:\n{running}")
    raise InputError.of("more than one lab is running: name a run by its id or the end of its id", running)


def lock_file(run: str, folder: Path) -> Path:
    """Return the file to lock while a lab is changed."""
    return folder / f"{run}.lock"


def _file(run: str, folder: Path) -> Path:
    return folder / f"{run}.json"


def _part(run: str, folder: Path) -> Path:
    return folder / f"{run}.part"


def _read(path: Path) -> StateFile | None:
    try:
        return _decoder().decode(path.read_bytes())
    except (FileNotFoundError, ValueError, msgspec.MsgspecError, RecursionError):
        return None


@cache
def _decoder() -> msgspec.json.Decoder[StateFile]:
    # The hook makes an address or a network from its text.
    return msgspec.json.Decoder(StateFile, dec_hook=lambda kind, text: kind(text))


def _write(note: StateFile, folder: Path) -> None:
    target, part = _file(note.run, folder), _part(note.run, folder)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(note, enc_hook=str))
    part.replace(target)

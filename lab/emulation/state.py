"""What a living lab is made of, kept where another process of the same user finds it: for status, logs, down.

The file holds the key to the brokers' management, so it is readable by its owner only, and goes when the lab goes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from lab.emulation.engine.labels import Owner
from lab.errors import InputError
from lab.operating import Control
from lab.plan.values import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where one instance of a broker really is."""

    broker: str
    name: str  # the Plan's: the broker's own, or with its number behind it
    number: int
    container: str
    address: str  # really used; the Plan has the declared one
    ports: Mapping[str, int]  # protocol → port on 127.0.0.1, the same for as long as the lab lives
    management_port: int

    @property
    def mark(self) -> int:
        """Return its number for a history, and 0 where its broker has no other instance."""
        return 0 if self.name == self.broker else self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """Where one broker really is: in one container, or in two."""

    instances: tuple[State, ...]
    management_password: str = field(repr=False)  # one for all its instances

    @property
    def first(self) -> State:
        """Return the first instance, which is the only one of most brokers."""
        return self.instances[0]

    def instance(self, number: int) -> State:
        """Return the instance of a number."""
        return next(each for each in self.instances if each.number == number)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabState:
    """One living lab."""

    run: str
    scenario: str
    plan: Plan
    folder: str  # the run folder
    ca_file: str
    router: str
    networks: Mapping[str, str]  # region → subnet really used
    brokers: Mapping[str, BrokerState]
    owner: str
    detached: bool
    control: Control | None = None  # the service's side, of a lab that commands change
    replaying: bool = False  # a scenario's steps are done to it, and nothing else
    engine: str = ""  # the id of the engine that it is on; one user may have labs on several
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down

    @property
    def instances(self) -> tuple[State, ...]:
        """Return every instance of every broker."""
        return tuple(each for broker in self.brokers.values() for each in broker.instances)

    @property
    def to_come(self) -> tuple[str, ...]:
        """Name the brokers that nobody has created yet."""
        if self.control is None:
            return tuple(broker.name for broker in self.plan.brokers if broker.later)
        return tuple(record.name for record, _ in self.control.later)

    @property
    def deleted(self) -> tuple[str, ...]:
        """Name the brokers that somebody has deleted."""
        if self.control is None:
            return ()
        there = {each.name for each in self.control.account.brokers} | set(self.to_come)
        return tuple(broker.name for broker in self.plan.brokers if broker.name not in there)


_CODEC = TypeAdapter(LabState)


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the living labs' files: MQLAB_STATE, or the user's state folder."""
    if chosen := environment.get("MQLAB_STATE"):
        return Path(chosen)
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".local/state")
    return Path(base) / "mqlab" / "labs"


def save(state: LabState, folder: Path) -> None:
    """Write a lab's state, whole or not at all, for its owner's eyes only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        _write(state, folder)


def update(state: LabState, folder: Path) -> bool:
    """Write another state of a lab that is still on file; False, and nothing written, where it has gone meanwhile."""
    if not folder.is_dir():
        return False
    with _alone(folder):
        if not _file(state.run, folder).exists():
            return False
        _write(state, folder)
        return True


def load_all(folder: Path) -> tuple[LabState, ...]:
    """Return every lab on file, the oldest first; one written by another version is left alone."""
    found = (_read(path) for path in sorted(folder.glob("*.json"))) if folder.is_dir() else ()
    return tuple(state for state in found if state is not None)  # the containers of others are found by label


def load(run: str, folder: Path) -> LabState | None:
    """Return one lab's state, None where it is not on file, or was written by another version."""
    return _read(_file(run, folder))


def written(run: str, folder: Path) -> tuple[int, int] | None:
    """Return what is another one each time that a lab's state is written, None where the lab has gone."""
    try:
        found = _file(run, folder).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def forget(run: str, folder: Path) -> None:
    """Remove a lab's state, and the lock that goes with it."""
    if folder.is_dir():
        with _alone(folder):
            _file(run, folder).unlink(missing_ok=True)
            _part(run, folder).unlink(missing_ok=True)
            lock_file(run, folder).unlink(missing_ok=True)


def gone(known: Iterable[LabState], found: Collection[str], engine: str, here: Owner) -> tuple[str, ...]:
    """Name the labs on file that are no more: their engine has been asked, and has `found` others only."""
    return tuple(
        state.run
        for state in known
        if state.run not in found and state.engine == engine != "" and (state.detached or _is_dead(state.owner, here))
    )


def forget_parts(folder: Path) -> None:
    """Remove what writers that were killed have left; nobody writes meanwhile."""
    if folder.is_dir():
        with _alone(folder):
            for path in folder.glob("*.part"):
                path.unlink(missing_ok=True)


def chosen(known: tuple[LabState, ...], run: str | None) -> LabState:
    """Return the lab that is meant by a run id, its beginning or its end; InputError with all there are."""
    fitting = [state for state in known if run is None or state.run.startswith(run) or state.run.endswith(run)]
    if len(fitting) == 1:
        return fitting[0]
    running = "\n".join(f"{state.run}  {state.scenario}" for state in known)
    if not known:
        raise InputError.of("no lab is running", "mqlab up SCENARIO opens one")
    if not fitting:
        raise InputError.of(f'no lab "{run}" is running', f"running:\n{running}")
    raise InputError.of("more than one lab is running: say which", running)


def lock_file(run: str, folder: Path) -> Path:
    """Return the file that whoever changes a lab locks."""
    return folder / f"{run}.lock"


def _is_dead(owner: str, here: Owner) -> bool:
    its = Owner.parse(owner)
    return its is not None and its.is_dead(here)


def _file(run: str, folder: Path) -> Path:
    return folder / f"{run}.json"


def _part(run: str, folder: Path) -> Path:
    return folder / f"{run}.part"


def _read(path: Path) -> LabState | None:
    try:
        return _CODEC.validate_json(path.read_bytes())
    except (ValidationError, FileNotFoundError):
        return None


def _write(state: LabState, folder: Path) -> None:
    target, part = _file(state.run, folder), _part(state.run, folder)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_CODEC.dump_json(state))
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

"""The process of a detached lab's monitor: started, found, and awaited at its end.

It holds the lock of its log in the run folder while it lives; the kernel releases the lock however it ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from lab.base.file_locks import lock
from lab.base.own_modules import with_own_modules
from lab.errors import HostError
from lab.history import Follower, Watched
from lab.history.shared_file import lock_file
from lab.living.history import file_of
from lab.runtime.clock import RealClock
from lab.runtime.state_file import StateFile

_BEGINS_WITHIN, _ENDS_WITHIN = 60.0, 10.0  # seconds
# A process between, which ends at once, so that the one that starts the monitor need not wait for its end.
_APART = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2]])\n"
_MONITOR = "import sys\nfrom lab.living.monitor import main\nmain(sys.argv[1])\n"


def log_of(note: StateFile) -> Path:
    """Return the file of a monitor's log."""
    return Path(note.folder) / "monitor.log"


def start(note: StateFile, environment: Mapping[str, str]) -> bool:
    """Start the monitor of a detached lab, unless it has one; return whether it was started."""
    if not note.detached or note.replaying or not lock_file(file_of(note)).exists() or is_kept(note):
        return False
    import subprocess  # here, since most labs start no process

    with _opened(log_of(note)) as log:
        subprocess.run(
            [sys.executable, "-c", _APART, _MONITOR, note.run],
            env=with_own_modules(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
        )
    return True


def is_kept(note: StateFile) -> bool:
    """Return whether a lab has a monitor."""
    if not log_of(note).exists():
        return False
    try:
        with locked(note):
            return False
    except BlockingIOError:
        return True


def await_begin(note: StateFile) -> None:
    """Return when a monitor that was just started watches the lab; raise HostError if it does not in time."""
    with closing(Follower(file_of(note))) as follower:
        begun = RealClock().wait(lambda: any(isinstance(each, Watched) for each in follower.new()), _BEGINS_WITHIN)
        if not begun:
            raise HostError(f"no process monitors lab {note.run}", f"see {log_of(note)}")


def await_end(note: StateFile) -> None:
    """Return when a lab's monitor has ended, or after some seconds; it polls the lab twice a second."""
    RealClock().wait(lambda: not is_kept(note), _ENDS_WITHIN)


@contextmanager
def locked(note: StateFile) -> Iterator[None]:
    """Hold the lock of a lab's monitor for the block; raise BlockingIOError if another process has it."""
    with _opened(log_of(note)) as log:
        lock(log, wait=False)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

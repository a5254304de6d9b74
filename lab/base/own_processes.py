"""Processes in which runs are done, and which are ended together."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from threading import Lock
from typing import Any


class OverError(Exception):
    """No more processes are started."""


class OwnProcesses:
    """The processes of some runs. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: set[subprocess.Popen[Any]] = set()
        self._ended: set[subprocess.Popen[Any]] = set()
        self._over = False

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a process with options of Popen; raise OverError after `start_no_more`."""
        with self._lock:
            if self._over:
                raise OverError
            process = subprocess.Popen(command, **options)
            self._running.add(process)
            return process

    def start_no_more(self) -> None:
        """Start no further process; running processes go on."""
        with self._lock:
            self._over = True

    def end(self, *, kill: bool = False) -> None:
        """Start no further process, and terminate or kill each that runs."""
        with self._lock:
            self._over = True
            for process in self._running:
                if process.poll() is None:
                    self._ended.add(process)
                    (process.kill if kill else process.terminate)()

    def exited(self, process: subprocess.Popen[Any]) -> bool:
        """Forget a process that has exited; return whether `end` ended it."""
        with self._lock:
            self._running.discard(process)
            return process in self._ended


def how_ended(status: int) -> str:
    """Return in words how a process ended, from its return code."""
    if status >= 0:
        return f"ended with {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(-status, f'signal {-status}')}"

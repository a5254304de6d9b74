"""The process that forwards a lab's ports over ssh: it connects again when a connection is lost, and ends with the lab.

It lives as long as the process that started it, which holds the pipe at its standard input, and for a lab that may
outlive that process, as long as the lab's note is there. While it lives it has the lock of a file of its own.
`ssh.OPEN` is written there once it forwards, and behind it, while it does not any more, the error of ssh.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from lab.base.file_locks import lock
from lab.emulation.engine import ssh

CODE = "import sys\nfrom lab.emulation.network.forwarder import main\nmain(*sys.argv[1:])\n"
HELD = b"held\n"  # what it says where another process forwards the ports already; else `ssh.OPEN`, or what went wrong
_RETRY_SECONDS = 1.0  # before a lost connection is opened again
_LATER_RETRY_SECONDS = 30.0  # before the same, once that failed often
_LOOKS_EVERY = 0.2  # seconds, at the note
_READ_BYTES = 1000  # at once


class _OverError(Exception):
    """The forwards are not needed any more."""


def main(own: str, note: str, *command: str) -> None:
    """Forward by a command line of ssh, while the lock of the file `own` is free; `note` is "" or a file."""
    descriptor = _locked(own)
    if descriptor is None:
        return
    try:
        Forwarder(Path(note) if note else None, command, opened=partial(_write, descriptor)).run()
    finally:
        Path(own).unlink(missing_ok=True)


def _locked(own: str) -> int | None:
    """Lock the file and return its descriptor; None if another process already forwards, or the lab has ended."""
    while True:
        descriptor = os.open(own, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(descriptor, wait=False)
            with suppress(FileNotFoundError):  # it was removed meanwhile
                if os.path.samestat(os.fstat(descriptor), Path(own).stat()):
                    os.ftruncate(descriptor, 0)
                    return descriptor
        except BlockingIOError:
            if os.pread(descriptor, _READ_BYTES, 0).startswith(ssh.OPEN):
                _say(HELD)
                return None
        os.close(descriptor)
        if select.select([sys.stdin], [], [], _LOOKS_EVERY)[0]:
            return None


def _write(descriptor: int, lost: str = "") -> None:
    octets = ssh.OPEN + lost.encode()[:_READ_BYTES]
    os.ftruncate(descriptor, os.pwrite(descriptor, octets, 0))


class Forwarder:
    """Runs ssh, again after each end, as long as the forwards are needed.

    `opened` is called whenever it begins to forward, and with ssh's words whenever it does not any more.
    """

    def __init__(
        self,
        note: Path | None,
        command: Sequence[str],
        patience: float = ssh.LOGIN_SECONDS,
        opened: Callable[..., object] = lambda lost="": None,
    ) -> None:
        self._note, self._command, self._patience, self._tell = note, command, patience, opened
        self._owned = True  # somebody holds the pipe
        self._noted = False  # the note was there
        self._opened = False
        self._pauses = pauses()

    def run(self) -> None:
        """Return when the forwards are not needed any more, or after a first failure, which is printed."""
        with suppress(_OverError):
            while True:
                said = self._forward()
                if not self._opened:
                    _say(said.encode() or b"ssh ended without a word")
                    return
                self._tell(said or "ssh has ended")
                self._await(within=next(self._pauses))

    def _forward(self) -> str:
        """Run ssh until it ends; return its standard error if it never forwarded anything."""
        process = ssh.tied(self._command, os.environ)
        with ssh.ended_on_error(process):
            assert process.stdout is not None and process.stderr is not None
            out, errors = process.stdout.fileno(), process.stderr.fileno()
            in_time = self._await(out, self._patience)
            if in_time and os.read(out, _READ_BYTES):
                self._tell()
                if not self._opened:
                    _say(ssh.OPEN)
                self._opened, self._pauses = True, pauses()
                # Once connected, ssh closes its standard output: it is its errors that end with it.
                while self._await(errors) and os.read(errors, _READ_BYTES):
                    pass
        return ssh.untie(process) or ("" if in_time else f"no login within {self._patience:.0f} s")

    def _await(self, pipe: int | None = None, within: float | None = None) -> bool:
        """Wait until a pipe can be read, or for some seconds; raise _OverError once the forwards are not needed."""
        until = None if within is None else time.monotonic() + within
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            if left == 0.0:
                return False
            if self._note is not None:
                left = _LOOKS_EVERY if left is None else min(left, _LOOKS_EVERY)
            pipes = [] if pipe is None else [pipe]
            ready, _, _ = select.select([*pipes, sys.stdin] if self._owned else pipes, [], [], left)
            if sys.stdin in ready and not os.read(sys.stdin.fileno(), _READ_BYTES):
                self._owned = False
            there = self._note is not None and self._note.exists()
            self._noted |= there
            if not there and (self._noted or not self._owned):
                raise _OverError
            if pipe in ready:
                return True


def pauses() -> Iterator[float]:
    """Yield the seconds before each try to connect again: a far side that refuses logins gets few tries."""
    seconds = _RETRY_SECONDS
    while True:
        yield seconds
        seconds = min(2 * seconds, _LATER_RETRY_SECONDS)


def _say(line: bytes) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(1, line)

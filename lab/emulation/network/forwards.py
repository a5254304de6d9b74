"""A lab's ports on an engine at ssh://, which are published on 127.0.0.1 there, forwarded from 127.0.0.1 here.

One process does it for the whole lab (`forwarder.py`), whichever process opened the lab. A process that attaches to the
lab starts another one if that has died.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Self

from lab.base.file_locks import is_locked
from lab.base.own_modules import with_own_modules
from lab.emulation.engine import ssh
from lab.emulation.network.forwarder import CODE, HELD
from lab.emulation.state import LabState
from lab.errors import HostError
from lab.runtime.clock import Clock
from lab.runtime.runtime import Opening
from lab.runtime.state_file import StateFile, make_folder

TAKEN = "address already in use"
_ENDS_WITHIN = 10.0  # seconds


class Forwards:
    """The forwards of one lab, until the end of the block; the forwards of a detached lab stay."""

    def __init__(
        self, engine: str, environment: Mapping[str, str], run: str, note_folder: Path, *, staying: bool
    ) -> None:
        self._to, self._environment = ssh.parse(engine), environment
        there = note_folder.absolute()
        self._file, self._note = file_of(run, there), there / f"{run}.json" if staying else None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def open(self, ports: Collection[int]) -> None:
        """Forward these ports instead of those before, or leave them to the process that does; HostError if it fails.

        The error has the words of `TAKEN` where one of them is taken here.
        """
        self.end()
        make_folder(self._file.parent)
        self._process = process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(self._file), str(self._note or ""), *self.command(ports)],
            env=with_own_modules(self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the program alone
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            if said in (ssh.OPEN, HELD):
                return
            words = (said + process.stdout.read()).decode(errors="replace")
        except BaseException:
            self.end()
            raise
        self.end()
        if TAKEN in words.lower():
            raise HostError(f"a port to be forwarded to {self._to.url}: {TAKEN}: {words.strip()}")
        raise ssh.explain(self._to, words)

    def command(self, ports: Collection[int]) -> tuple[str, ...]:
        """Return the command line of ssh that forwards ports."""
        words = [word for port in ports for word in ("-L", f"127.0.0.1:{port}:127.0.0.1:{port}")]
        options = ("ControlPath=none", "ExitOnForwardFailure=yes", "GatewayPorts=no", "LogLevel=ERROR")
        chosen = (*options, *ssh.says_open())
        return ssh.command(self._to, self._environment, options=chosen, arguments=("-N", *words))

    def end(self) -> None:
        """Release the process, which ends unless the lab stays; return when it has ended, or is detached."""
        if self._process is None:
            return
        process, self._process = self._process, None
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
        if self._note is not None and self._note.exists() and process.poll() is None:
            # It stays this process's child: once it has ended, somebody has to have waited for it.
            with suppress(RuntimeError):  # as the interpreter ends it begins no threads, and its children are adopted
                threading.Thread(target=process.wait, name="mqlab-forwards", daemon=True).start()
            return
        process.wait()


def forwarding(
    engine: str, opening: Opening, environment: Mapping[str, str]
) -> AbstractContextManager[Forwards | None]:
    """Return the forwards of a lab that opens; None if the engine's URL is ""."""
    if not engine:
        return nullcontext()
    return Forwards(engine, environment, opening.run, opening.note_folder, staying=opening.detached)


@contextmanager
def kept(note: StateFile, state: LabState, note_folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Forward the ports of an open lab for the block, if they need it and no other process does it."""
    if not state.ssh or are_open(note.run, note_folder):
        yield
        return
    with Forwards(state.ssh, environment, note.run, note_folder, staying=note.detached) as its:
        its.open(state.outside)
        yield


def file_of(run: str, note_folder: Path) -> Path:
    """Return the file whose lock the process that forwards a lab's ports has."""
    return note_folder / f"{run}.forwards.lock"


def are_open(run: str, note_folder: Path) -> bool:
    """Return whether a process forwards the ports of a lab, and had once connected."""
    try:
        return are_kept(run, note_folder) and file_of(run, note_folder).read_bytes().startswith(ssh.OPEN)
    except FileNotFoundError:  # it has ended meanwhile
        return False


def why_lost(run: str, note_folder: Path) -> str:
    """Return why the ports of a lab are not forwarded now, as ssh reported it; "" if they are, or need not be."""
    try:
        _, _, lost = file_of(run, note_folder).read_text("utf-8", "replace").partition(ssh.OPEN.decode())
    except FileNotFoundError:
        return ""
    words = " ".join(lost.split())
    return f"{words} (forwarded again once it is free here)" if TAKEN in words.lower() else words


def are_kept(run: str, note_folder: Path) -> bool:
    """Return whether a process forwards the ports of a lab, or is about to."""
    return is_locked(file_of(run, note_folder))


def await_end(run: str, note_folder: Path, clock: Clock) -> None:
    """Wait until no process forwards the ports of a lab that has ended, or for some seconds."""
    clock.wait(lambda: not are_kept(run, note_folder), _ENDS_WITHIN)

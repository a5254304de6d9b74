"""The process of a server: noted beside its account, so that other commands find it and end it.

The note has the process's start time beside its number, so that a killed server's note does not name another process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from lab.errors import HostError
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.state_file import writing_to

NOTE, LOG = "server.json", "server.log"
ENDS_WITHIN = 120.0  # seconds; a server of real brokers removes them
_POLL_SECONDS = 0.25


class Server(Struct, frozen=True, kw_only=True):
    """A server that runs, by its account."""

    account: str
    url: str
    runtime: str  # of its brokers
    owner: str  # str() of the server's Owner
    opened: datetime
    detached: bool = False  # it writes to the log in its account's folder


@contextmanager
def noted(folder: Path, url: str, runtime: str) -> Iterator[None]:
    """Have a note of this process, the server of an account, in the account's folder for the block."""
    path, part = folder / NOTE, folder / f"{NOTE}.part"
    server = Server(
        account=folder.name,
        url=url,
        runtime=runtime,
        owner=str(Owner.current()),
        opened=datetime.now(UTC),
        detached=_writes_to(folder / LOG),
    )
    with writing_to(folder):
        part.write_bytes(msgspec.json.encode(server))
        part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def accounts(states: Path) -> Path:
    """Return the folder that has a folder for each account."""
    return states / "accounts"


def servers(states: Path) -> Sequence[Server]:
    """Return the servers that run, by the names of their accounts; notes of killed servers are skipped."""
    observer = Owner.current()
    notes = (_read(path) for path in sorted(accounts(states).glob(f"*/{NOTE}")))
    return [each for each in notes if each is not None and not _is_dead(each, observer)]


def end(server: Server, clock: RealClock) -> None:
    """End a server by SIGTERM, and return when it has ended; raise HostError if this process cannot."""
    owner, here = Owner.parse(server.owner), Owner.current()
    if owner is None or (owner.host, owner.pids) != (here.host, here.pids):
        where = "unknown" if owner is None else owner.host
        problem = f"the server of account {server.account} runs in another container or on another machine: {where}"
        raise HostError(problem, "end the server there")
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise HostError(
            f"the server of account {server.account} belongs to another user", "end the server as that user"
        ) from error
    if not clock.wait(lambda: owner.is_dead(here), ENDS_WITHIN):
        problem = f"the server of account {server.account} did not end within {ENDS_WITHIN:g} s"
        raise HostError(problem, f"end process {owner.pid}")


@contextmanager
def ended_with(other: Owner | None) -> Iterator[None]:
    """End this process by SIGTERM when another one ends during the block."""
    if other is None:
        yield
        return
    over = threading.Event()

    def look(other: Owner = other) -> None:
        here = Owner.current()
        while not over.wait(_POLL_SECONDS):
            if other.is_dead(here):
                os.kill(here.pid, signal.SIGTERM)
                return

    looking = threading.Thread(target=look, name="mqlab-while", daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _is_dead(server: Server, observer: Owner) -> bool:
    owner = Owner.parse(server.owner)
    return owner is None or owner.is_dead(observer)


def _writes_to(path: Path) -> bool:
    """Return whether this process's errors go to a file."""
    try:
        return os.path.samestat(os.fstat(2), path.stat())
    except OSError:
        return False


def _read(path: Path) -> Server | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Server)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None

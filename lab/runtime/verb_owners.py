"""Owners of verbs that run without a lab's turn: a kernel lock for each broker, which ends with its process.

A file beside the lab's state file has the lock, and the number of the verb's step in the lab's history.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.base.file_locks import is_locked, lock
from lab.errors import InputError
from lab.runtime.state_file import make_folder, writing_to


@contextmanager
def owned(run: str, broker: str, folder: Path | None) -> Iterator[Callable[[int], None]]:
    """Own the unfinished verb of a broker for the block; call the function with the number of the verb's step.

    Raise InputError if another verb of the broker runs. A lab without a folder is only in this process.
    """
    if folder is None:
        yield lambda number: None
        return
    make_folder(folder)
    path = _file(run, broker, folder)
    with writing_to(folder):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            lock(descriptor, wait=False)
        except BlockingIOError:
            raise under_way(broker) from None
        if not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise under_way(broker)  # the verb before has just removed this file
        try:
            yield _writer(path)
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def is_owned(run: str, broker: str, folder: Path | None) -> bool:
    """Return whether a process still runs a verb of a broker."""
    return folder is not None and is_locked(_file(run, broker, folder))


def owned_steps(run: str, folder: Path | None) -> frozenset[int]:
    """Return the numbers of the steps that processes still run."""
    if folder is None:
        return frozenset()
    numbers = set[int]()
    for path in folder.glob(f"{run}.*.owner"):
        with suppress(FileNotFoundError):  # its verb has just ended
            if is_locked(path) and (text := path.read_text()).isdigit():
                numbers.add(int(text))
    return frozenset(numbers)


def under_way(broker: str) -> InputError:
    """Return the refusal of a verb on a broker that has an unfinished verb."""
    return InputError.of(
        f"another verb on {broker} has not ended yet", "wait until it ends: mqlab status shows the broker's state"
    )


def _writer(path: Path) -> Callable[[int], None]:
    """Return the function that writes a step's number to a file."""

    def write(number: int) -> None:
        path.write_text(str(number))

    return write


def _file(run: str, broker: str, folder: Path) -> Path:
    return folder / f"{run}.{broker}.owner"

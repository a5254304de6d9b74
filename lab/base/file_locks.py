"""Locks on open files, which the system releases however a process ends; only here do systems differ."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    _FAR = 2**62  # a byte that no file has: Windows keeps others from reading what is locked

    def lock(descriptor: int, *, wait: bool = True) -> None:
        """Lock an open file for this process; raise BlockingIOError if it must not `wait` and another has it."""
        while True:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return
            except OSError as error:  # LK_LOCK gives up after ten seconds
                if not wait:
                    raise BlockingIOError(error.errno, "another process has the lock") from error

    def unlock(descriptor: int) -> None:
        """Release a lock; closing the file does too."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def _open_for_lock(folder: Path) -> int:
        return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)  # a folder cannot be opened

else:
    import fcntl

    def lock(descriptor: int, *, wait: bool = True) -> None:
        """Lock an open file for this process; raise BlockingIOError if it must not `wait` and another has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def unlock(descriptor: int) -> None:
        """Release a lock; closing the file does too."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _open_for_lock(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)


def is_locked(path: Path) -> bool:
    """Return whether another process holds the lock of a file at this moment; False for a missing file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        lock(descriptor, wait=False)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock for the block."""
    descriptor = _open_for_lock(folder)
    try:
        lock(descriptor)
        yield
    finally:
        os.close(descriptor)

"""Turns at changing a lab: one command at a time, and no command before the lab has opened.

The lock is the kernel's, on a file beside the lab's state file: it ends with the process that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.base.file_locks import is_locked, lock
from lab.runtime.state_file import lock_file, make_folder, writing_to


@contextmanager
def turn(run: str, folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lab's lock for the block; call `waiting` once if another process holds it.

    Raise HostError if the folder of the state files, which has the lock, cannot be written to.
    """
    make_folder(folder)
    descriptor = _locked(lock_file(run, folder), waiting)
    try:
        yield
    finally:
        os.close(descriptor)


def is_free(run: str, folder: Path) -> bool:
    """Return whether no process holds the lab's lock at this moment."""
    return not is_locked(lock_file(run, folder))


def remove_stray_locks(folder: Path, known: Collection[str]) -> tuple[str, ...]:
    """Remove the free lock files of runs that are not `known` and have no state file; return their run ids.

    An opening that was killed before it had made anything leaves such a file.
    """
    runs = []
    for path in sorted(folder.glob("*.lock")) if folder.is_dir() else ():
        if path.stem not in known and not path.with_suffix(".json").exists():
            with suppress(BlockingIOError, FileNotFoundError):
                descriptor = os.open(path, os.O_RDWR)
                try:
                    lock(descriptor, wait=False)
                    path.unlink()
                    runs.append(path.stem)
                finally:
                    os.close(descriptor)
    return tuple(runs)


def _locked(path: Path, waiting: Callable[[], None]) -> int:
    """Lock the file at a path and return its descriptor; a file that was removed meanwhile is opened again."""
    while True:
        with writing_to(path.parent):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                lock(descriptor, wait=False)
            except BlockingIOError:
                waiting()
                lock(descriptor)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)

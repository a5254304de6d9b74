"""Whose turn it is to change a lab: one command at a time, and nobody before the lab stands.

The lock is the kernel's, on a file beside the lab's state: it goes with the process that has it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.runtime.emulation.state import lock_file


@contextmanager
def turn(run: str, folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Have a lab for oneself until the end of the block; `waiting` is called once where somebody else has it first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(lock_file(run, folder), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

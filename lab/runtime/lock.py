"""A lock for state that tasks share, never held while time passes: in virtual time all tasks are in one thread."""

from __future__ import annotations

import threading
from types import TracebackType

_THREAD = threading.local()


def refuse_held() -> None:
    """Raise RuntimeError if the calling thread holds such a lock; a clock calls this before time passes."""
    if getattr(_THREAD, "held", 0):
        raise RuntimeError("a task holds a lock while it waits for time to pass: no other task could continue")


class Lock:
    """A mutual exclusion like `threading.Lock`; a clock can detect that it is held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True) -> bool:
        """Take the lock, or without `blocking` only if it is free; return whether it was taken."""
        taken = self._lock.acquire(blocking)
        _THREAD.held = getattr(_THREAD, "held", 0) + taken
        return taken

    def release(self) -> None:
        """Release the lock."""
        _THREAD.held -= 1
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

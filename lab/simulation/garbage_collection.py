"""Python's search for cyclic garbage, which models hardly make: it is rare while any lab is open."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MADE = 100_000  # objects made between two looks


class _OpenLabs:
    """The number of labs open in this process, which share the setting, and the setting before the first."""

    def __init__(self) -> None:
        self._lock, self._count, self._before = Lock(), 0, gc.get_threshold()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self._lock:
            if not self._count:
                self._before = gc.get_threshold()
                if 0 < self._before[0] < MADE:  # a program that looks more seldom still, or at 0 never, goes on so
                    gc.set_threshold(MADE)
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if not self._count:
                    gc.set_threshold(*self._before)


seldom = _OpenLabs().one_more  # a context: it ends with the last of those that are open, in whatever order they close

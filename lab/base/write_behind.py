"""Writing behind: threads hand over items, and another thread writes them in order every few milliseconds.

A write for each item would switch threads each time, which costs more than the write itself.
"""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

_MOST_WAITING = (
    50_000  # items, or KiB of large ones: on a disk that does not keep up, the thread that hands over writes too
)

_Item = TypeVar("_Item")


def write_octets(file: int, octets: bytes) -> None:
    """Write all octets to a descriptor."""
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(file, rest) :]


class WrittenBehind(ABC, Generic[_Item]):
    """A file, open by its descriptor, to which one thread at a time writes the items of the last `EVERY` seconds.

    It is thread-safe. After `_write` raised an OSError, no more items are written, so that the file has no gap. `_add`
    and `close` raise the error again.
    """

    EVERY = 0.01  # seconds of items that a SIGKILL may lose

    def __init__(self, file: int) -> None:
        self._file = file
        self._items: deque[_Item] = deque()  # which threads may fill and empty at once
        self._weight = 0  # approximate: items added while another thread writes may not be counted
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._error: OSError | None = None

    def _begin(self, name: str) -> None:
        """Start the thread, with this name, that writes the items handed over."""
        self._thread = threading.Thread(target=self._keep_writing, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def _write(self, waiting: Sequence[_Item]) -> None:
        """Write items to the file."""

    def _add(self, unit: _Item, weight: int = 1) -> None:
        """Hand over an item, of `weight` KiB if it is large; raise OSError if an earlier item was not written."""
        self._items.append(unit)
        self._weight += weight
        if self._error is not None:
            raise self._error
        if self._weight > _MOST_WAITING:
            self._flush()

    def _finish(self) -> None:
        """Write the remaining items; raise OSError if an item was not written. A second call does nothing."""
        self._closing.set()
        self._thread.join()
        self._flush()

    def _keep_writing(self) -> None:
        with contextlib.suppress(OSError):  # `_add` and `close` tell it
            while not self._closing.wait(self.EVERY):
                self._flush()

    def _flush(self) -> None:
        with self._turn:
            if self._error is not None:
                raise self._error
            portion: list[_Item] = []
            self._weight = 0
            with contextlib.suppress(IndexError):  # others go on adding
                while True:
                    portion.append(self._items.popleft())
            try:
                if portion:
                    self._write(portion)
            except OSError as error:
                self._error = error
                raise

    def close(self) -> None:
        """Write the rest and close the file; raise OSError if not everything could be written."""
        if self._file < 0:
            return
        try:
            self._finish()
        finally:
            os.close(self._file)
            self._file = -1

    def fileno(self) -> int:
        """Return the open file's number."""
        return self._file

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

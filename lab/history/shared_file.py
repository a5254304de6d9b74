"""A history that several processes write to at once: whole lines, in one order, bounded in size.

Every write holds the lock of a file beside it, which also has the number of the last step and the steps in progress.
These are noted before the line is written: a writer that is killed in between skips a number, and no number is used
twice. That file is removed when the history ends; later observations are dropped.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.base.dataclass import dataclass
from lab.base.file_locks import lock, unlock
from lab.base.masking import Mask
from lab.base.text_files import BINARY
from lab.history.bounds import forget
from lab.history.checksum import Checksum, checksum_of
from lab.history.observation import Ended, Header, Observation, StepEnded, StepStarted
from lab.history.writing import create, header_line, line, line_octets

LARGEST_HISTORY_BYTES = 64 * 2**20  # bytes; a larger history is cut to half of this


@dataclass(slots=True)
class _Steps:
    last: int
    doing: list[int]  # numbers of verbs in progress; after a kill, of those that were interrupted


def begin(path: Path, header: Header, mask: Mask = Mask()) -> SharedHistory:  # noqa: B008 - a frozen value
    """Create the file of a history, and its lock file; raise InputError if the file exists."""
    with os.fdopen(create(path), "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(mask.json(header_line(header)))
    with os.fdopen(create(lock_file(path)), "w") as file:
        json.dump([0, []], file)
    return SharedHistory(path, lambda: mask)


def lock_file(path: Path) -> Path:
    """Return the lock file of a history."""
    return path.with_suffix(".lock")


class SharedHistory:
    """A Recorder to a history that other processes write to; thread-safe. After the end it drops observations."""

    def __init__(self, path: Path, mask: Callable[[], Mask] = Mask) -> None:
        self.path = path
        self._known = mask  # of the passwords that the lab has now; called before each line
        self._hidden = Mask()  # of further passwords
        self._mask = Mask()  # of all passwords that are known during the turn
        self._one = threading.Lock()  # the lock of the file is held by the process, for all its threads
        self._file = self._lock = -1

    def record(self, *observations: Observation) -> None:
        """Write observations, one after the other."""
        with self._turn() as steps:
            if steps is not None:
                self._append("".join(map(line, observations)))

    def step(self, make: Callable[[int], StepStarted]) -> int:
        """Record the beginning of a verb under the next step number, and return the number; 0 after the end."""
        with self._turn() as steps:
            if steps is None:
                return 0
            number = steps.last + 1
            begun = line(make(number))
            self._note(_Steps(last=number, doing=[*steps.doing, number]))
            self._append(begun)
            return number

    def last_step(self) -> int:
        """Return the number of the last step; 0 after the end."""
        with self._turn() as steps:
            return 0 if steps is None else steps.last

    def step_ended(self, ended: StepEnded) -> None:
        """Record the end of a verb."""
        with self._turn() as steps:
            if steps is not None:
                self._note(_Steps(last=steps.last, doing=[each for each in steps.doing if each != ended.step]))
                self._append(line(ended))

    def number(self, make: Callable[[int], Observation], numbers: int = 1) -> int:
        """Record an observation under the next step number, and return the number; 0 after the end.

        It does not belong to a verb that holds the lab's turn. It takes `numbers` step numbers.
        """
        with self._turn() as steps:
            if steps is None:
                return 0
            number = steps.last + 1
            seen = line(make(number))
            self._note(_Steps(last=steps.last + numbers, doing=steps.doing))
            self._append(seen)
            return number

    def interrupted(self) -> tuple[int, ...]:
        """Return the step numbers of verbs in progress; if the caller holds the lab's turn, they were interrupted."""
        with self._turn() as steps:
            return () if steps is None else tuple(steps.doing)

    def hide(self, password: str) -> None:
        """Mask a password in everything that this writer records from now on."""
        self._hidden |= Mask.of([password])

    def trim(self, now: float, largest: int = LARGEST_HISTORY_BYTES) -> None:
        """Remove the oldest lines if the history is larger than `largest` bytes."""
        with self._turn() as steps:
            if steps is not None and os.fstat(self._file).st_size > largest:
                forget(self.path, largest // 2, now)

    def end(self, ended: Ended) -> None:
        """Record the end of the history. Harmless if it has ended."""
        with self.held() as end:
            end(ended)

    @contextmanager
    def held(self) -> Iterator[Callable[[Ended], None]]:
        """Hold the history's lock for the block, and return a function that ends the history.

        If the function is not called, other writers continue after the block.
        """
        with self._turn() as steps:

            def end(ended: Ended) -> None:
                if steps is not None:
                    its = self._checksum()
                    self._write(its.closed(line_octets(self._mask, line(its.on(ended)))))
                    self.path.with_suffix(".part").unlink(missing_ok=True)
                    lock_file(self.path).unlink()

            yield end

    def _checksum(self) -> Checksum:
        """Return the checksum of the file, with the lines of all processes, without removed lines."""
        with self.path.open("rb") as file:
            return checksum_of(file, os.fstat(file.fileno()).st_size)

    def close(self) -> None:
        """Close the files; the history continues."""
        with self._one:
            for descriptor in (self._file, self._lock):
                if descriptor >= 0:
                    os.close(descriptor)
            self._file = self._lock = -1

    @contextmanager
    def _turn(self) -> Iterator[_Steps | None]:
        """Hold the history's lock for the block, and return the steps; None if the history has ended."""
        with self._one:
            if self._lock < 0:
                with suppress(FileNotFoundError):
                    self._lock = os.open(lock_file(self.path), os.O_RDWR)
            if self._lock < 0:
                yield None
                return
            self._mask = self._known() | self._hidden  # before another process has to wait
            lock(self._lock)
            try:
                if not os.fstat(self._lock).st_nlink:
                    yield None
                    return
                self._open()
                last, doing = json.loads(_read_at(self._lock, 2**20, 0))
                yield _Steps(last=last, doing=doing)
            finally:
                unlock(self._lock)

    def _open(self) -> None:
        """Open the file that is at the path now, which is a new file after lines were removed; cut off a half line."""
        if self._file >= 0 and not os.path.samestat(os.fstat(self._file), self.path.stat()):
            os.close(self._file)
            self._file = -1
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | BINARY)
        size = os.fstat(self._file).st_size
        if size and _read_at(self._file, 1, size - 1) != b"\n":
            os.ftruncate(self._file, _whole(self._file, size))  # its writer was killed, or the disk was full

    def _append(self, text: str) -> None:
        self._write(line_octets(self._mask, text))

    def _write(self, octets: bytes) -> None:
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _note(self, steps: _Steps) -> None:
        written = json.dumps([steps.last, steps.doing]).encode()
        # One write, padded over a longer text before it, so that a kill leaves no half of it.
        os.lseek(self._lock, 0, os.SEEK_SET)
        os.write(self._lock, written.ljust(os.fstat(self._lock).st_size))


def _read_at(file: int, size: int, offset: int) -> bytes:
    os.lseek(file, offset, os.SEEK_SET)
    return os.read(file, size)


def _whole(file: int, size: int) -> int:
    """Return the offset after the last whole line."""
    end, portion = size, 64 * 1024
    while end > 0:
        begin = max(0, end - portion)
        found = _read_at(file, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0

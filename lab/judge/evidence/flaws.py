"""The first line of a history that no run can have written."""

from __future__ import annotations

from collections.abc import Callable

from lab.errors import InputError, Place

ROUNDED = 2e-6  # seconds; moments are written to the microsecond


class Flaws:
    """The first flaw of a history, with the number of its line; the header is line 1."""

    def __init__(self, file: str = "history.jsonl", line: Callable[[], int] = lambda: 0) -> None:
        self.line = line  # returns the number of the line that is being judged
        self._file = file
        self._first: tuple[int, str] | None = None
        self._foreign: tuple[int, str] | None = None

    def add_foreign(self, flaw: str) -> None:
        """Record a flaw of the line that is being judged, by which it, or one before, is of another run."""
        self._foreign = self._foreign or (self.line(), flaw)
        self.add(f"{flaw}, as if lines of another run were between its own")

    def refuse_foreign(self, path: str) -> None:
        """Raise InputError if a line is of another run, which a history without a checksum cannot deny."""
        if self._foreign is not None:
            line, what = self._foreign
            words = f"{what}: are lines of another run between its own?"
            raise InputError.of(
                words, "judge each run's history as it was written", Place(file=path, line=line, column=1)
            )

    def add(self, flaw: str, line: int | None = None) -> None:
        """Record a flaw of a line, of the one that is being judged if no number is given."""
        found = (self.line() if line is None else line, flaw)
        if self._first is None or found < self._first:
            self._first = found

    @property
    def words(self) -> str:
        """Return the first flaw with its place in the file; "" if there is none."""
        return "" if self._first is None else f"{self._file}:{self._first[0]}: {self._first[1]}"

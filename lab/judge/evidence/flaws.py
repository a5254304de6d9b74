"""What a history tells that no run can have seen: the first such line."""

from __future__ import annotations

from collections.abc import Callable

ROUNDED = 2e-6  # seconds; moments are written to the microsecond


class Flaws:
    """The first flaw of a history, with the number of its line; the header is line 1."""

    def __init__(self, file: str = "history.jsonl", line: Callable[[], int] = lambda: 0) -> None:
        self.line = line  # returns the number of the line that is being judged
        self._file = file
        self._first: tuple[int, str] | None = None

    def add(self, what: str, line: int | None = None) -> None:
        """Record a flaw of a line, of the one that is being judged if no number is given."""
        found = (self.line() if line is None else line, what)
        if self._first is None or found < self._first:
            self._first = found

    @property
    def words(self) -> str:
        """Return the first flaw with its place in the file; "" if there is none."""
        return "" if self._first is None else f"{self._file}:{self._first[0]}: {self._first[1]}"

"""A limit on log lines that come by the thousand: the first of each kind are kept, the others are bundled. Pure.

A line that a broker logs for every message, such as a duplicate, must not make a history as large as the log.
"""

from __future__ import annotations

import re
from collections import Counter

from lab.history import LogLine

WHOLE_LINES = 200  # lines of one kind that are kept one by one
BUNDLE_LINES = 1000  # further ones that become one line of the history
_CHANGING = re.compile(r"ID:\S+|\d+")  # message ids, ports, counts: these differ between lines of one kind
_KIND_CHARACTERS = 100  # characters that decide whether two lines are of one kind


class Flood:
    """The lines of one log, counted by kind."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._held: dict[str, LogLine] = {}

    def add(self, line: LogLine) -> LogLine | None:
        """Return the line to record: this line, or a line for a whole bundle; None if the line is held back."""
        kind = f"{line.level} {_CHANGING.sub('', line.text)[:_KIND_CHARACTERS]}"
        self._counts[kind] += 1
        if self._counts[kind] <= WHOLE_LINES:
            return line
        held = self._held.pop(kind, None)
        bundle = line.with_fields(times=1 if held is None else held.times + 1)
        if bundle.times == BUNDLE_LINES:
            return bundle
        self._held[kind] = bundle
        return None

    def rest(self) -> tuple[LogLine, ...]:
        """Return one line for each kind that still has lines held back."""
        held, self._held = self._held, {}
        return tuple(sorted(held.values(), key=lambda line: line.t))

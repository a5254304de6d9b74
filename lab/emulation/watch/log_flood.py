"""Lines of a log that come by the thousand: the first of each kind are kept whole, the rest in bundles. Pure.

What a broker says of every single message (a duplicate, say) must not make a history as large as the log itself.
"""

from __future__ import annotations

import re
from collections import Counter

from lab.history import LogLine

WHOLE = 200  # lines alike that are kept one by one
BUNDLE = 1000  # further ones that become one line of the history
_CHANGING = re.compile(r"ID:\S+|\d+")  # message ids, ports, counts: what differs between lines alike
_LENGTH = 100  # characters that make two lines alike


class Flood:
    """The lines of one log, counted by what they have in common."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._held: dict[str, LogLine] = {}

    def passed(self, line: LogLine) -> LogLine | None:
        """Return the line to keep: this one, or one that stands for all those held back; None where it is held back."""
        kind = f"{line.level} {_CHANGING.sub('', line.text)[:_LENGTH]}"
        self._seen[kind] += 1
        if self._seen[kind] <= WHOLE:
            return line
        held = self._held.pop(kind, None)
        bundle = line.with_fields(times=1 if held is None else held.times + 1)
        if bundle.times == BUNDLE:
            return bundle
        self._held[kind] = bundle
        return None

    def rest(self) -> tuple[LogLine, ...]:
        """Return a line for each kind of which some are held back still."""
        held, self._held = self._held, {}
        return tuple(sorted(held.values(), key=lambda line: line.t))

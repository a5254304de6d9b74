"""The parts of a standing lab's history that were watched and are still on record; verdicts rest on these alone."""

from __future__ import annotations

from math import inf

from lab.history import BEAT, Forgotten, Unwatched, Watched

PATIENCE = 3 * BEAT  # seconds of a keeper's silence after which the lab counts as unwatched


class Coverage:
    """The gaps in which no keeper watched a lab, and what was left out of its history."""

    def __init__(self, *, standing: bool) -> None:
        self.standing = standing
        self.gaps: list[Unwatched] = []
        self.forgotten: dict[str, Forgotten] = {}  # by kind of lines: "messages" or other
        self._until = 0.0

    def add(self, seen: Watched | Unwatched | Forgotten) -> None:
        """Record one observation."""
        if isinstance(seen, Forgotten):
            self.forgotten[seen.of] = seen
            return
        self._until = seen.t
        if isinstance(seen, Unwatched):
            self.gaps.append(seen)

    def close(self, end: float) -> None:
        """Note the end of the history, in seconds: if the keeper was silent before it, that is a gap too."""
        if self.standing and end - self._until > PATIENCE:
            self.gaps.append(Unwatched(t=inf, since=self._until))

    def gap(self, begin: float, end: float) -> Unwatched | None:
        """Return the first gap between two moments, in seconds; None if there is none."""
        return next((each for each in self.gaps if each.since < end and each.t > begin), None)

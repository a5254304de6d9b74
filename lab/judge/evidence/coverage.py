"""What of a standing lab's history was watched, and is on record still: a verdict cannot rest on anything else."""

from __future__ import annotations

from math import inf

from lab.history import BEAT, Forgotten, Unwatched, Watched

PATIENCE = 3 * BEAT  # seconds without a word of a keeper after which nobody watches


class Coverage:
    """When a keeper watched a lab, and what was left out of its history."""

    def __init__(self, *, standing: bool) -> None:
        self.standing = standing
        self.gaps: list[Unwatched] = []
        self.forgotten: dict[str, Forgotten] = {}  # by what it is of
        self._until = 0.0

    def add(self, seen: Watched | Unwatched | Forgotten) -> None:
        """Write one observation down."""
        if isinstance(seen, Forgotten):
            self.forgotten[seen.of] = seen
            return
        self._until = seen.t
        if isinstance(seen, Unwatched):
            self.gaps.append(seen)

    def close(self, end: float) -> None:
        """Take the end of the history: where the keeper was silent before it, nobody watched."""
        if self.standing and end - self._until > PATIENCE:
            self.gaps.append(Unwatched(t=inf, since=self._until))

    def gap(self, begin: float, end: float) -> Unwatched | None:
        """Return a time within a stretch in which nobody watched."""
        return next((each for each in self.gaps if each.since < end and each.t > begin), None)

"""When to poll a broker: regularly, and at once after a line of its log that reports a change. Pure."""

from __future__ import annotations

from collections.abc import Sequence

POLL_SECONDS = 0.5  # seconds between two looks that nothing asked for
AFTER_A_LINE = (0.0, 0.05, 0.15, 0.35)  # seconds: an MBean may come after its line, and who has just started be silent
SHORTEST_POLL_SECONDS = 0.05  # seconds between two looks, however many lines there are
SPARE_POLLS = 10  # looks that lines may ask for at once; those that were spent come back at the rate of the others


class LookTimes:
    """The moment of the next look at one broker; in t seconds there are no more than SPARE_POLLS + 2 t / POLL_SECONDS.

    Moments are handed in, in seconds of one clock.
    """

    def __init__(self, now: float) -> None:
        self._looked = now
        self._wanted: Sequence[float] = ()  # the moments that lines ask for
        self._spare: float = SPARE_POLLS

    def hear(self, now: float) -> None:
        """Note a line that reports a change."""
        self._wanted = [now + after for after in AFTER_A_LINE]

    def due(self) -> float:
        """Return the moment of the next look."""
        at_last = self._looked + POLL_SECONDS
        if not self._wanted:
            return at_last
        earliest = self._looked + max(SHORTEST_POLL_SECONDS, (1 - self._spare) * POLL_SECONDS)
        return min(at_last, max(earliest, self._wanted[0]))

    def looked(self, began: float, *, changed: bool) -> None:
        """Note a poll; a change that it found accounts for the lines before it."""
        passed = began - self._looked
        self._spare = min(SPARE_POLLS, self._spare + passed / POLL_SECONDS) - (passed < POLL_SECONDS)
        self._wanted = () if changed else [each for each in self._wanted if each > began]
        self._looked = began

"""Ranges of bytes: what was sent together, what of it is missing, what has come after a gap. Pure."""

from __future__ import annotations

from lab.dataclass import dataclass
from lab.simulation.tcp.paths import SEGMENT


@dataclass(slots=True, eq=False)
class Flight:
    """Bytes that were sent together and are not acknowledged."""

    start: int
    end: int
    sent: int  # ns
    lost: bool = False
    first: int | None = None  # ns, of a retransmission: when they were sent before it

    @property
    def begun(self) -> int:
        """Return when they were sent first, in ns."""
        return self.sent if self.first is None else self.first

    @property
    def packets(self) -> int:
        """Return how many packets carry them."""
        return -((self.start - self.end) // SEGMENT)


def missing(flight: Flight, upto: int, gaps: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Return the parts of a flight that have not arrived."""
    start, end = max(flight.start, upto), flight.end
    found: list[tuple[int, int]] = []
    for first, last in gaps:
        if start >= end:
            break
        if last > start and first < end:
            if first > start:
                found.append((start, first))
            start = max(start, last)
    if start < end:
        found.append((start, end))
    return found


def joined(ranges: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return ranges of bytes, in order, with one more."""
    found: list[tuple[int, int]] = []
    for first, last in sorted([*ranges, (start, end)]):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found

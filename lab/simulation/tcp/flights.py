"""Ranges of bytes: flights, the missing parts of a flight, bytes that arrived after a gap. Pure."""

from __future__ import annotations

from collections import deque

from lab.base.dataclass import dataclass
from lab.simulation.tcp.paths import SEGMENT

DELAYED = 40_000_000  # ns for which Linux waits at least for a second segment: `TCP_DELACK_MIN`
_SOON_NS = 2_000_000  # ns


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
        """Return the moment at which they were first sent, in ns."""
        return self.sent if self.first is None else self.first

    @property
    def packets(self) -> int:
        """Return the number of packets that carry them."""
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


class Pairs(deque[int]):
    """Segments of one direction that went alone with another soon after: the bytes after each, of those under way.

    Both are answered together: RFC 1122, 4.2.3.2, has every second one answered. Linux waits for it up to 40 ms each
    time; here a segment waits only for one that is known to be on its way, and as long if that does not come.
    """

    __slots__ = ("_alone", "_since")

    def __init__(self) -> None:
        super().__init__()
        self._alone = self._since = 0  # the byte after the last segment that went alone, and when it went, in ns

    def sent(self, end: int, now: int, alone: bool) -> None:
        """Note a flight, which is one segment or more."""
        if not alone:
            self._alone = 0
        elif self._alone and now - self._since < _SOON_NS:
            self.append(self._alone)
            self._alone = 0
        else:
            self._alone, self._since = end, now

    def first(self, got: int) -> bool:
        """Return whether the bytes that have arrived end with the first segment of a pair."""
        while self and (first := self[0]) <= got:
            if first == got:
                return True
            self.popleft()
        return False


class Answers:
    """The delay of one end's answers to single segments: until its next data, or 40 ms. It answers others at once.

    An end waits if it sent data soon after the last arrival, until it sends no data in time:
    `inet_csk_enter_pingpong_mode`. The answers themselves do not wait here. They only lengthen the round trips of the
    other end, and so its time-out.
    """

    __slots__ = ("_talks", "heard", "late")

    def __init__(self) -> None:
        self.heard = 0  # ns: when something came last that nothing was sent after; 0 if nothing
        self.late = 0  # ns, as far as is known of the last ones
        self._talks = False

    def came(self, now: int, alone: bool) -> None:
        """Record an arrival: one segment `alone`, or several, which are answered at once."""
        if self.heard and self._talks:  # and nothing was sent since
            if (waited := now - self.heard) >= DELAYED:
                self.late, self._talks = DELAYED, False
            else:
                self.late = waited
        elif not self._talks:
            self.late = 0
        if not alone:
            self.late = 0
        self.heard = now

    def sent(self, now: int) -> None:
        """Note that data was sent, and an answer with it."""
        waited, self.heard = now - self.heard, 0
        soon = waited < DELAYED
        if self._talks:
            self.late = waited if soon else DELAYED
        self._talks = soon

"""A histogram of delays in constant memory, exact enough for percentiles: to 1 µs, above 256 µs to 0.8 %."""

from __future__ import annotations

from typing import Any

_EXACT_US = 256  # µs; below, every µs has a bucket of its own
_HALF = _EXACT_US // 2  # buckets for each power of two above
_LONGEST_US = (1 << 28) - 1  # 268 s: longer delays are counted as this one
_BUCKETS = _EXACT_US + (_LONGEST_US.bit_length() - _EXACT_US.bit_length() + 1) * _HALF


class Histogram:
    """The number of packets by delay."""

    __slots__ = ("_at", "buckets", "count", "last_ns", "max_ns", "min_ns", "repeated", "sum_ns")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set every bucket to 0."""
        self.buckets = [0] * _BUCKETS
        self.count = 0
        self.sum_ns = 0
        self.min_ns = 0
        self.max_ns = 0
        self.last_ns: int | None = None  # the last delay, which often comes again
        self.repeated = 0  # how often it has, not counted above yet: a caller that compares may add it here itself
        self._at = 0  # its bucket

    def add(self, ns: int) -> None:
        """Count one delay, in ns."""
        if ns == self.last_ns:
            self.repeated += 1
            return
        if self.repeated:
            self._count_repeated()
        if ns > self.max_ns:
            self.max_ns = ns
        if not self.count or ns < self.min_ns:
            self.min_ns = ns
        us = ns // 1000
        self.last_ns, self._at = ns, us if 0 <= us < _EXACT_US else bucket_of(us)
        self.count += 1
        self.sum_ns += ns
        self.buckets[self._at] += 1

    def percentile(self, share: float) -> float | None:
        """Return the delay in µs that a share (0 to 1) of all delays does not exceed; None if there are none."""
        self._count_repeated()
        if not self.count:
            return None
        wanted, seen = max(1.0, share * self.count), 0
        for at, count in enumerate(self.buckets):
            seen += count
            if seen >= wanted:
                # the middle of a bucket may be outside the delays that occurred
                return min(max(middle_of(at), self.min_ns / 1000), self.max_ns / 1000)
        return self.max_ns / 1000

    def summary(self) -> dict[str, Any]:
        """Return count, mean and percentiles in µs, ready for JSON."""
        self._count_repeated()
        if not self.count:
            return {"count": 0, "min": None, "mean": None, "p50": None, "p95": None, "p99": None, "max": None}
        return {
            "count": self.count,
            "min": round(self.min_ns / 1000, 1),
            "mean": round(self.sum_ns / self.count / 1000, 1),
            "p50": round(self.percentile(0.50) or 0.0, 1),
            "p95": round(self.percentile(0.95) or 0.0, 1),
            "p99": round(self.percentile(0.99) or 0.0, 1),
            "max": round(self.max_ns / 1000, 1),
        }

    def _count_repeated(self) -> None:
        repeated, self.repeated = self.repeated, 0
        self.count += repeated
        self.sum_ns += repeated * (self.last_ns or 0)
        self.buckets[self._at] += repeated


def bucket_of(us: int) -> int:
    """Return the index of the bucket for a delay in µs."""
    if us < _EXACT_US:
        return us if us > 0 else 0
    if us > _LONGEST_US:
        us = _LONGEST_US
    shift = us.bit_length() - 8
    return (shift << 7) + (us >> shift)


def middle_of(bucket: int) -> float:
    """Return the middle of the bucket of an index, in µs."""
    if bucket < _EXACT_US:
        return bucket + 0.5
    shift = (bucket >> 7) - 1
    return ((bucket - (shift << 7)) + 0.5) * (1 << shift)

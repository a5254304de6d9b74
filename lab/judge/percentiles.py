"""Percentiles of measured times, by nearest rank."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Self

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Percentiles of the time from send to first arrival, by nearest rank: each is a time that was measured."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, ordered: Sequence[float]) -> Self | None:
        """Return the percentiles of milliseconds in ascending order; None if there are none."""
        if not ordered:
            return None
        p50, p95, p99 = (ordered[ceil(len(ordered) * p / 100) - 1] for p in (50, 95, 99))
        return cls(p50=p50, p95=p95, p99=p99, max=ordered[-1])

    @property
    def named(self) -> tuple[tuple[str, float], ...]:
        """Return each figure with its name."""
        return ("p50", self.p50), ("p95", self.p95), ("p99", self.p99), ("max", self.max)

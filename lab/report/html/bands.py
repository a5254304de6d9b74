"""Faults as they lie on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.report.html.faults import Fault
from lab.report.html.lanes import WIDE, Window

APART = 0.17  # of the timeline's width; letters with their labels hide each other when they are nearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A fault as it lies on the timeline; `row` keeps letters apart that would hide each other."""

    fault: Fault
    x: float
    width: float
    row: int = 0


def bands_of(told: Sequence[Fault], seen: Window) -> tuple[Band, ...]:
    """Lay the faults on the timeline, letters in rows where they would hide each other."""
    rows: list[float] = []
    found = []
    for fault in told:
        end = seen.end if fault.end is None else min(fault.end, seen.end)
        if fault.start > seen.end or end < seen.start:
            continue
        x = seen.x(max(fault.start, seen.start))
        row = next((place for place, last in enumerate(rows) if x - last > WIDE * APART), len(rows))
        rows[row : row + 1] = [x]
        found.append(Band(fault=fault, x=x, width=max(round(seen.x(end) - x, 2), 0.0), row=row))
    return tuple(found)

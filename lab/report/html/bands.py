"""Bands: the places of faults on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.report.html.faults import Fault
from lab.report.html.lanes import WIDE, Window

APART = 0.17  # part of the timeline's width; letters with labels that are nearer would overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A fault's place on the timeline, in its units; letters that would overlap are in different rows."""

    fault: Fault
    x: float
    width: float
    row: int = 0


def bands_of(told: Sequence[Fault], seen: Window) -> tuple[Band, ...]:
    """Return the bands of the faults that are within the window."""
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

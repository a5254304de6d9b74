"""Bands: the places of faults on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.base.dataclass import dataclass
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

    @property
    def near_end(self) -> bool:
        """Return whether the label has no room between the band and the right edge."""
        return self.x > WIDE * (1 - APART)


def bands_of(faults: Sequence[Fault], window: Window) -> tuple[Band, ...]:
    """Return the bands of the faults that are within the window."""
    rows: list[float] = []
    found = []
    for fault in faults:
        end = window.end if fault.end is None else min(fault.end, window.end)
        if fault.start > window.end or end < window.start:
            continue
        x = window.x(max(fault.start, window.start))
        band = Band(fault=fault, x=x, width=max(round(window.x(end) - x, 2), 0.0))
        label = x - WIDE * APART if band.near_end else x  # where its label begins
        row = next((place for place, last in enumerate(rows) if label - last > WIDE * APART), len(rows))
        rows[row : row + 1] = [label]
        found.append(replace(band, row=row))
    return tuple(found)

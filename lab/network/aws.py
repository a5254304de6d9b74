"""The round trip between any two of AWS's regions: measured, or else estimated from the distance."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files

from lab.base.dataclass import dataclass
from lab.network.regions import REGIONS, city, distance

# round-trips.csv has the medians over one year of TCP connects from the first region to the second, in milliseconds.
# They include 2 to 4 ms that are not the path's.
SOURCE = "cloudping.co, median over one year, captured 2025-05-29, TCP connect"
# Within one region, between availability zones: 0.25 to 3.4 ms were measured (xkyle.com, best of 50 pings, 2020).
BETWEEN_ZONES = timedelta(milliseconds=1)
# Fitted to those: the median of round trip by great circle is 1.76 times that of light in glass. Half of the measured
# pairs are within 16 % of it, nine of ten within 41 %; `tests/network/test_aws.py` computes these anew.
MS_PER_KM = 0.0176
USUAL_ERROR, LARGE_ERROR = 0.16, 0.41


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The round trips between two regions, from either side, and where the figures come from."""

    forth: timedelta
    back: timedelta
    source: str
    estimated: bool = False

    @property
    def delay(self) -> timedelta:
        """Return the delay of each direction: half of the mean round trip."""
        return (self.forth + self.back) / 4


def round_trip(a: str, b: str) -> Preset | None:
    """Return the round trips between two regions, or two VPCs of one; None if it is not known where one is.

    >>> preset = round_trip("ap-northeast-1", "ap-southeast-1")
    >>> preset.forth, preset.delay
    (datetime.timedelta(microseconds=70500), datetime.timedelta(microseconds=35300))
    >>> print(round_trip("ap-northeast-1", "ap-southeast-6").source)
    Tokyo – New Zealand: about 156 ms, estimated from 8,840 km; half of such estimates are within 16 %, ...
    """
    if a == b and a in REGIONS:
        source = f"within {city(a)}: about 1 ms, as between availability zones"
        return Preset(forth=BETWEEN_ZONES, back=BETWEEN_ZONES, source=source, estimated=True)
    there, back = _measured().get((a, b)), _measured().get((b, a))
    names = f"{city(a)} – {city(b)}"
    if there is not None and back is not None:
        source = f"{names}: {there:g} ms there, {back:g} ms back; {SOURCE}"
        return Preset(forth=timedelta(milliseconds=there), back=timedelta(milliseconds=back), source=source)
    far = distance(a, b)
    if far is None:
        return None
    about = timedelta(milliseconds=round(far * MS_PER_KM, 1))
    source = (
        f"{names}: about {far * MS_PER_KM:.0f} ms, estimated from {far:,.0f} km; half of such estimates are within "
        f"{100 * USUAL_ERROR:.0f} %, nine of ten within {100 * LARGE_ERROR:.0f} %"
    )
    return Preset(forth=about, back=about, source=source, estimated=True)


def measured_pairs() -> tuple[tuple[str, str], ...]:
    """Return every ordered pair of regions that has a measured round trip."""
    return tuple(_measured())


@cache
def _measured() -> Mapping[tuple[str, str], float]:
    text = files("lab.network").joinpath("round-trips.csv").read_text("ascii")
    (_, *columns), *rows = csv.reader(text.splitlines())
    return {
        (row[0], column): float(cell) for row in rows for column, cell in zip(columns, row[1:], strict=True) if cell
    }

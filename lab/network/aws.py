"""AWS's regions by code and city, and the measured round trips between some of them.

The figures are medians over one year of TCP connects, so they include 2 to 4 ms that are not the path's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

SOURCE = "cloudping.co, median over one year, captured 2025-05-29, TCP connect"

CITIES: Mapping[str, str] = {
    "af-south-1": "Cape Town",
    "ap-east-1": "Hong Kong",
    "ap-northeast-1": "Tokyo",
    "ap-northeast-2": "Seoul",
    "ap-northeast-3": "Osaka",
    "ap-south-1": "Mumbai",
    "ap-south-2": "Hyderabad",
    "ap-southeast-1": "Singapore",
    "ap-southeast-2": "Sydney",
    "ap-southeast-3": "Jakarta",
    "ap-southeast-4": "Melbourne",
    "ca-central-1": "Central Canada",
    "ca-west-1": "Calgary",
    "cn-north-1": "Beijing",
    "cn-northwest-1": "Ningxia",
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
    "il-central-1": "Tel Aviv",
    "me-central-1": "UAE",
    "me-south-1": "Bahrain",
    "sa-east-1": "São Paulo",
    "us-east-1": "N. Virginia",
    "us-east-2": "Ohio",
    "us-west-1": "N. California",
    "us-west-2": "Oregon",
}

# Round trips in milliseconds, measured from the first region to the second, and from the second to the first.
_MEASURED: Mapping[tuple[str, str], tuple[float, float]] = {
    ("ap-northeast-1", "ap-southeast-1"): (70.5, 70.7),
    ("ap-northeast-1", "ap-northeast-3"): (10.0, 9.7),
    ("ap-northeast-1", "ap-northeast-2"): (36.2, 36.2),
    ("ap-northeast-1", "ap-east-1"): (52.0, 51.7),
    ("ap-northeast-1", "ap-southeast-2"): (107.4, 106.3),
    ("ap-northeast-1", "ap-south-1"): (134.2, 133.3),
    ("ap-northeast-1", "us-west-2"): (98.5, 98.1),
    ("ap-northeast-1", "us-west-1"): (108.6, 108.2),
    ("ap-northeast-1", "us-east-1"): (149.2, 149.4),
    ("ap-northeast-1", "us-east-2"): (134.5, 135.5),
    ("ap-northeast-1", "eu-central-1"): (227.6, 227.1),
    ("ap-northeast-1", "eu-west-1"): (201.1, 201.0),
    ("ap-northeast-1", "eu-west-2"): (211.9, 211.4),
    ("ap-northeast-1", "sa-east-1"): (257.4, 258.1),
    ("ap-northeast-1", "af-south-1"): (358.3, 356.4),
    ("ap-southeast-1", "ap-southeast-2"): (94.7, 94.8),
    ("ap-southeast-1", "ap-south-1"): (63.8, 63.4),
    ("ap-east-1", "ap-southeast-1"): (37.6, 37.2),
    ("ap-southeast-1", "eu-central-1"): (161.3, 160.6),
    ("ap-southeast-1", "us-east-1"): (218.6, 219.1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The measured round trips between two regions, from either side."""

    there: timedelta
    back: timedelta
    source: str

    @property
    def delay(self) -> timedelta:
        """Return the delay of each direction: half of the mean round trip."""
        return (self.there + self.back) / 4


def city(aws_region: str) -> str:
    """Return the city of a region, or its code if the city is not known."""
    return CITIES.get(aws_region, aws_region)


def round_trip(a: str, b: str) -> Preset | None:
    """Return the measured round trips between two regions, or None if there is no figure.

    >>> preset = round_trip("ap-northeast-1", "ap-southeast-1")
    >>> preset.there, preset.delay
    (datetime.timedelta(microseconds=70500), datetime.timedelta(microseconds=35300))
    >>> round_trip("ap-northeast-1", "il-central-1") is None
    True
    """
    if (a, b) in _MEASURED:
        there, back = _MEASURED[a, b]
    elif (b, a) in _MEASURED:
        back, there = _MEASURED[b, a]
    else:
        return None
    source = f"{city(a)} – {city(b)}: {there:g} ms there, {back:g} ms back; {SOURCE}"
    return Preset(there=timedelta(milliseconds=there), back=timedelta(milliseconds=back), source=source)


def measured_pairs(*regions: str) -> tuple[str, ...]:
    """Return the pairs of regions with a figure, as text: those with a region named here, or all if there is none."""
    near = [pair for pair in _MEASURED if set(pair) & set(regions)] or list(_MEASURED)
    return tuple(f"{a} – {b}" for a, b in near)

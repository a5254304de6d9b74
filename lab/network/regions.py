"""AWS's regions: their codes, their cities, and their approximate coordinates.

AWS publishes cities and countries, no coordinates: these are of the cities, or of the county where its data
centres are known to stand. The list is of November 2026; a region that is newer is declared as `none`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt

from lab.base.dataclass import dataclass
from lab.base.suggestions import nearest

EARTH_KM = 6371.0  # mean radius in km
NONE = "none"  # declared of a region that is none of AWS's


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region's city, and its latitude and longitude in degrees; None for a region that is not commercial."""

    city: str
    latitude: float | None = None
    longitude: float | None = None


REGIONS: Mapping[str, Region] = {
    "af-south-1": Region(city="Cape Town", latitude=-33.92, longitude=18.42),
    "ap-east-1": Region(city="Hong Kong", latitude=22.32, longitude=114.17),
    "ap-east-2": Region(city="Taipei", latitude=25.03, longitude=121.57),
    "ap-northeast-1": Region(city="Tokyo", latitude=35.68, longitude=139.69),
    "ap-northeast-2": Region(city="Seoul", latitude=37.57, longitude=126.98),
    "ap-northeast-3": Region(city="Osaka", latitude=34.69, longitude=135.5),
    "ap-south-1": Region(city="Mumbai", latitude=19.08, longitude=72.88),
    "ap-south-2": Region(city="Hyderabad", latitude=17.39, longitude=78.49),
    "ap-southeast-1": Region(city="Singapore", latitude=1.35, longitude=103.82),
    "ap-southeast-2": Region(city="Sydney", latitude=-33.87, longitude=151.21),
    "ap-southeast-3": Region(city="Jakarta", latitude=-6.21, longitude=106.85),
    "ap-southeast-4": Region(city="Melbourne", latitude=-37.81, longitude=144.96),
    "ap-southeast-5": Region(city="Malaysia", latitude=3.14, longitude=101.69),
    "ap-southeast-6": Region(city="New Zealand", latitude=-36.85, longitude=174.76),
    "ap-southeast-7": Region(city="Thailand", latitude=13.76, longitude=100.5),
    "ca-central-1": Region(city="Central Canada", latitude=45.5, longitude=-73.57),
    "ca-west-1": Region(city="Calgary", latitude=51.05, longitude=-114.07),
    "eu-central-1": Region(city="Frankfurt", latitude=50.11, longitude=8.68),
    "eu-central-2": Region(city="Zurich", latitude=47.38, longitude=8.54),
    "eu-north-1": Region(city="Stockholm", latitude=59.33, longitude=18.07),
    "eu-south-1": Region(city="Milan", latitude=45.46, longitude=9.19),
    "eu-south-2": Region(city="Spain", latitude=41.65, longitude=-0.89),
    "eu-west-1": Region(city="Ireland", latitude=53.35, longitude=-6.26),
    "eu-west-2": Region(city="London", latitude=51.51, longitude=-0.13),
    "eu-west-3": Region(city="Paris", latitude=48.86, longitude=2.35),
    "il-central-1": Region(city="Tel Aviv", latitude=32.08, longitude=34.78),
    "me-central-1": Region(city="UAE", latitude=25.2, longitude=55.27),
    "me-south-1": Region(city="Bahrain", latitude=26.07, longitude=50.56),
    "mx-central-1": Region(city="Central Mexico", latitude=20.59, longitude=-100.39),
    "sa-east-1": Region(city="São Paulo", latitude=-23.55, longitude=-46.63),
    "us-east-1": Region(city="N. Virginia", latitude=39.04, longitude=-77.49),
    "us-east-2": Region(city="Ohio", latitude=39.96, longitude=-83.0),
    "us-west-1": Region(city="N. California", latitude=37.35, longitude=-121.96),
    "us-west-2": Region(city="Oregon", latitude=45.84, longitude=-119.7),
    # apart from the others: China's, and the government's of the United States
    "cn-north-1": Region(city="Beijing"),
    "cn-northwest-1": Region(city="Ningxia"),
    "us-gov-east-1": Region(city="AWS GovCloud (US-East)"),
    "us-gov-west-1": Region(city="AWS GovCloud (US-West)"),
}


def city(aws_region: str) -> str:
    """Return the city of a region, or its code if it is none of AWS's."""
    found = REGIONS.get(aws_region)
    return aws_region if found is None else found.city


def unknown_region(word: str) -> tuple[str, str]:
    """Return the problem and the remedy of a word that is not the code of a region: perhaps it is a city."""
    codes = {region.city: code for code, region in REGIONS.items()}
    near = nearest(word, REGIONS, codes)
    known = f"write {near}, the code of {city(near)}\n" if near else ""
    return f'no AWS region named "{word}"', f"{known}run mqlab regions for the list"


def distance(a: str, b: str) -> float | None:
    """Return the great circle between two regions in km; None if it is not known where one is."""
    here, there = REGIONS.get(a), REGIONS.get(b)
    if here is None or there is None:
        return None
    if here.latitude is None or here.longitude is None or there.latitude is None or there.longitude is None:
        return None
    north, south = radians(here.latitude), radians(there.latitude)
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(there.longitude - here.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))

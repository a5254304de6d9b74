"""The availability zones of AWS's regions: their names, and ids that are the same in every account."""

from __future__ import annotations

from collections.abc import Mapping

_USUAL = "abc"
_LETTERS: Mapping[str, str] = {
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "us-east-1": "abcdef",
    "us-west-1": "ac",
    "us-west-2": "abcd",
}
_EVERY_LETTER = "abcdef"  # another account may have them where this list has none
_DIRECTIONS: Mapping[str, str] = {"central": "c", "gov": "g", "north": "n", "south": "s", "east": "e", "west": "w"}


def zones(aws_region: str) -> tuple[str, ...]:
    """Return the zones that a new account has in a region.

    >>> zones("ap-northeast-1")
    ('ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d')
    """
    return tuple(aws_region + letter for letter in _LETTERS.get(aws_region, _USUAL))


def is_zone(zone: str, aws_region: str) -> bool:
    """Return whether a region may have a zone of this name in some account."""
    return zone[:-1] == aws_region and zone[-1:] in tuple(_EVERY_LETTER)


def zone_id(zone: str) -> str:
    """Return the id of a zone.

    >>> zone_id("ap-northeast-1a"), zone_id("us-gov-west-1b")
    ('apne1-az1', 'usgw1-az2')
    """
    head, *directions, number = zone[:-1].split("-")
    short = "".join(directions)
    for word, letter in _DIRECTIONS.items():
        short = short.replace(word, letter)
    return f"{head}{short}{number}-az{_EVERY_LETTER.index(zone[-1]) + 1}"


def zone_of_id(identifier: str, aws_region: str) -> str:
    """Return the zone of an id in a region; "" if the region has no such zone."""
    every = (aws_region + letter for letter in _EVERY_LETTER)
    return next((zone for zone in every if zone_id(zone) == identifier), "")

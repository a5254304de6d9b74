"""A round trip is the same link from both ends, and an estimate says that it is one, and how good such ones are."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, pairwise
from statistics import median

import pytest

from lab.network.aws import LARGE_ERROR, MS_PER_KM, USUAL_ERROR, measured_pairs, round_trip
from lab.network.regions import REGIONS, city, distance

COMMERCIAL = [code for code, region in REGIONS.items() if region.latitude is not None]


def test_each_direction_gets_half_of_the_mean_round_trip() -> None:
    preset = round_trip("ap-northeast-1", "ap-southeast-1")
    assert preset is not None
    assert preset.delay == timedelta(milliseconds=35.3)  # (70.5 + 70.7) / 2 / 2
    assert "70.5 ms there, 70.7 ms back" in preset.source
    assert not preset.estimated


@pytest.mark.parametrize("pair", [("ap-northeast-1", "ap-southeast-1"), ("eu-west-1", "ap-southeast-6")])
def test_a_pair_turned_round_swaps_there_and_back(pair: tuple[str, str]) -> None:
    one, other = round_trip(*pair), round_trip(*pair[::-1])
    assert one is not None and other is not None
    assert (one.forth, one.back, one.delay) == (other.back, other.forth, other.delay)


def test_every_pair_of_commercial_regions_has_a_round_trip_that_says_where_it_comes_from() -> None:
    for one, other in combinations(COMMERCIAL, 2):
        preset = round_trip(one, other)
        assert preset is not None
        assert preset.forth > timedelta(0)
        assert ("estimated from" in preset.source) is preset.estimated


def test_two_vpcs_of_one_region_are_as_far_as_two_zones() -> None:
    preset = round_trip("eu-west-1", "eu-west-1")
    assert preset is not None and preset.estimated
    assert preset.delay == timedelta(milliseconds=0.5)


@pytest.mark.parametrize("code", ["cn-north-1", "none", "xx-nowhere-9"])
def test_of_a_region_apart_there_is_no_figure(code: str) -> None:
    assert round_trip("eu-west-1", code) is None


def test_every_measured_region_is_known_and_no_round_trip_is_faster_than_light_in_glass() -> None:
    for one, other in measured_pairs():
        far, preset = distance(one, other), round_trip(one, other)
        assert far is not None and preset is not None
        assert preset.forth > timedelta(milliseconds=far * 2 / 204)


def test_the_estimate_is_as_good_as_it_says() -> None:
    errors, factors = [], []
    for one, other in measured_pairs():
        far, preset = distance(one, other), round_trip(one, other)
        assert far is not None and preset is not None
        measured = preset.forth / timedelta(milliseconds=1)
        errors.append(abs(far * MS_PER_KM - measured) / measured)
        factors.append(measured / far)
    assert round(median(factors), 4) == MS_PER_KM
    assert round(median(errors), 2) == USUAL_ERROR
    assert round(sorted(errors)[int(0.9 * len(errors))], 2) == LARGE_ERROR


def test_an_unknown_region_is_its_own_city() -> None:
    assert (city("ap-northeast-1"), city("xx-nowhere-9")) == ("Tokyo", "xx-nowhere-9")


def test_regions_are_in_order() -> None:
    assert all(one < other for one, other in pairwise(COMMERCIAL))

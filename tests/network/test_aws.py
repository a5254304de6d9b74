"""A preset is the same link from both ends, and every figure is of a region that has a name."""

from __future__ import annotations

from datetime import timedelta

from lab.network.aws import CITIES, city, measured_pairs, round_trip


def test_each_direction_gets_half_of_the_mean_round_trip() -> None:
    preset = round_trip("ap-northeast-1", "ap-southeast-1")
    assert preset is not None
    assert preset.delay == timedelta(milliseconds=35.3)  # (70.5 + 70.7) / 2 / 2
    assert "70.5 ms there, 70.7 ms back" in preset.source


def test_a_pair_turned_round_swaps_there_and_back() -> None:
    one, other = round_trip("ap-northeast-1", "ap-southeast-1"), round_trip("ap-southeast-1", "ap-northeast-1")
    assert one is not None and other is not None
    assert (one.there, one.back, one.delay) == (other.back, other.there, other.delay)


def test_no_figure_is_none() -> None:
    assert round_trip("ap-northeast-1", "eu-north-1") is None
    assert round_trip("ap-northeast-1", "ap-northeast-1") is None


def test_every_figure_is_plausible_and_named() -> None:
    for pair in measured_pairs():
        a, b = pair.split(" – ")
        assert a in CITIES and b in CITIES
        preset = round_trip(a, b)
        assert preset is not None
        assert abs(preset.there - preset.back) < timedelta(milliseconds=3)


def test_an_unknown_region_is_its_own_city() -> None:
    assert (city("ap-northeast-1"), city("xx-nowhere-9")) == ("Tokyo", "xx-nowhere-9")

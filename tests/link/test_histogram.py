from __future__ import annotations

import random

import pytest

from lab.link.histogram import Histogram, bucket_of, middle_of


def test_every_bucket_is_finer_than_one_percent_or_ten_microseconds() -> None:
    for us in [*range(2_000), *(3**power + off for power in range(7, 17) for off in (-1, 0, 1))]:
        assert abs(middle_of(bucket_of(us)) - us) <= max(10, 0.01 * us)


def test_buckets_follow_one_another() -> None:
    numbers = [bucket_of(us) for us in range(100_000)]
    assert sorted(set(numbers)) == list(range(numbers[-1] + 1))
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_are_within_one_percent_of_the_true_ones(share: float) -> None:
    dice, histogram = random.Random(1), Histogram()
    times = [int(dice.expovariate(1 / 40_000_000)) for _ in range(20_000)]
    for ns in times:
        histogram.add(ns)
    true = sorted(times)[int(share * len(times))] / 1000
    assert histogram.percentile(share) == pytest.approx(true, rel=0.01)


def test_an_absurd_delay_is_counted_not_refused() -> None:
    histogram = Histogram()
    histogram.add(10**18)
    histogram.add(-5)
    assert histogram.count == 2


def test_nothing_counted_gives_nothing() -> None:
    assert Histogram().percentile(0.5) is None
    assert Histogram().summary()["p99"] is None

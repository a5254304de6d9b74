"""What the router does to packets is told in the words in which it was asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab.emulation.network.links import DirectionNow
from lab.emulation.network.router import impairment
from lab.link.config import parse_impairment
from lab.network.link import Direction, Distribution, Impairment

ASKED = {
    "delay 35ms": Impairment(delay=timedelta(milliseconds=35)),
    "delay 35ms, rate 20mbit": Impairment(delay=timedelta(milliseconds=35), rate=20_000_000),
    "delay 0.5ms, jitter 2ms (uniform), correlation 25%, loss 7%, rate 1500kbit, queue 64KiB, queue 9 packets": (
        Impairment(
            delay=timedelta(microseconds=500),
            jitter=timedelta(milliseconds=2),
            distribution=Distribution.UNIFORM,
            correlation=0.25,
            loss=0.07,
            rate=1_500_000,
            queue_bytes=65_536,
            queue_packets=9,
        )
    ),
}


@pytest.mark.parametrize("words", ASKED)
def test_a_direction_is_told_as_it_was_asked_for(words: str) -> None:
    told = parse_impairment(impairment(Direction(leaving="a", reaching="b", impairment=ASKED[words])), "a").json()
    now = DirectionNow(link="a-b", leaving="a", reaching="b", figures=told)
    assert now.impairment == words

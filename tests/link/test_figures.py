"""What the router does to packets is told in the words in which it was asked for."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta

import pytest

from lab.declare.topology import ImpairmentFields
from lab.link.impairment import FIGURES, Distribution, Impairment, Setting, read_setting
from lab.network.link import Direction
from lab.runtime.status import DirectionNow
from tests.docs.pages import ROOT, code_words, rows, sections

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
    asked = Direction(leaving="a", reaching="b", impairment=ASKED[words]).setting
    told = read_setting(json.loads(json.dumps(asked.json())), "a")
    assert told == asked
    now = DirectionNow(link="a-b", leaving="a", reaching="b", setting=told)
    assert now.impairment == words


def test_a_figure_has_one_name_and_a_field_in_files() -> None:
    assert [each.name for each in FIGURES] == [each.name for each in fields(Impairment)]
    assert [each.key for each in FIGURES] == [each.alias for each in ImpairmentFields.model_fields.values()]
    assert ImpairmentFields().impairment() == Impairment() == Setting().impairment


def test_the_router_s_page_has_every_figure_with_its_default() -> None:
    page = rows(sections(ROOT / "docker" / "router" / "README.md")["`/etc/mqlab/router.json`"])
    told = {key: cells[1] for cells in page for key in code_words(cells[0])}
    assert {key: json.loads(default.replace("`", '"')) for key, default in told.items()} == Setting().json()

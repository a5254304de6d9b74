"""Which destinations a pattern covers, as ActiveMQ's own DestinationFilter decides it."""

from __future__ import annotations

import pytest

from lab.activemq.forwarding.filters import contains, covers, parts


@pytest.mark.parametrize(
    ("pattern", "destination", "expected"),
    [
        ("queue://a.b", "queue://a.b", True),
        ("queue://a.b", "topic://a.b", False),
        ("queue://a.b", "queue://a.>", False),  # a consumer of a.> is not the destination a.b
        ("queue://a.>", "queue://a.b.c", True),
        ("queue://a.>", "queue://a", True),
        ("queue://a.>.>", "queue://a.b", True),
        ("queue://a.>", "queue://a.>", True),
        ("queue://a.>", "queue://>", False),
        ("queue://>", "queue://a.>", True),
        ("queue://a.*", "queue://a.b", True),
        ("queue://a.*", "queue://a.b.c", False),
        ("queue://a.*", "queue://a.*", True),
        ("queue://a.b", "queue://a.*", False),
        ("queue://a.b.>", "queue://a.*.c", True),  # a prefix takes a consumer's * for its own level
        ("queue://*.b.>", "queue://a.b.c", True),
        ("queue://a.*.c", "queue://a.b.c", True),
        ("queue://a,b.>", "queue://b.c", True),
        ("queue://a,b.>", "queue://c", False),
    ],
)
def test_a_pattern_covers_as_activemqs_filter_does(pattern: str, destination: str, expected: bool) -> None:
    assert covers(pattern, destination) is expected


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("queue://a.>", "queue://a.*.b", True),
        ("queue://a.>", "queue://a", True),
        ("queue://a.>", "queue://>", False),
        ("queue://a.*", "queue://a.b", True),
        ("queue://a.*", "queue://a.>", False),  # which ActiveMQ's filter takes for covered
        ("queue://a.b.>", "queue://a.*.>", False),  # the same
        ("queue://>", "topic://a", False),
        ("queue://a,b.>", "queue://b.c,a", True),
        ("queue://a,b.>", "queue://b.c,d", False),
    ],
)
def test_a_pattern_contains_what_it_covers_whatever_the_wildcards_stand_for(
    pattern: str, other: str, expected: bool
) -> None:
    assert contains(pattern, other) is expected


def test_a_space_in_a_level_is_part_of_its_name() -> None:
    assert not covers("queue://a. b", "queue://a.b")


def test_a_composite_destination_has_parts() -> None:
    assert parts("queue://a,b,topic://c") == ("queue://a", "queue://b", "topic://c")
    assert parts("queue://a") == ("queue://a",)

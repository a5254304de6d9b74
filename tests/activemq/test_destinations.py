"""Wildcards are ActiveMQ's: `*` is one level, `>` is all that follow, and none; so are parts and virtual topics."""

from __future__ import annotations

import pytest

from lab.activemq.destinations import covers, hears, no_wildcard


@pytest.mark.parametrize(
    ("subscription", "destination", "heard"),
    [
        ("topic://a.b", "topic://a.b", True),
        ("topic://a.b", "queue://a.b", False),
        ("topic://a.b", "topic://a.b.c", False),
        ("topic://a.*", "topic://a.b", True),
        ("topic://a.*", "topic://a", False),
        ("topic://a.*.c", "topic://a.b.c", True),
        ("topic://a.>", "topic://a.b.c", True),
        ("topic://a.>", "topic://a", True),
        ("topic://>", "topic://a.b", True),
        ("topic://a.b", "topic://a.>", True),
        ("topic://a.b", "topic://c.>", False),
        ("topic://" + "a." * 5000 + "a", "topic://" + "a." * 5000 + "b", False),
        ("topic://" + "*." * 5000 + ">", "topic://" + "a." * 5000 + "b", True),
        ("queue://b", "queue://a,b", True),
        ("queue://a,b", "queue://b", True),
        ("queue://c", "queue://a,b", False),
        ("topic://b", "queue://a,b", False),
        ("queue://Consumer.one.VirtualTopic.a", "topic://VirtualTopic.a", True),
        ("queue://Consumer.one.VirtualTopic.a", "topic://VirtualTopic.>", True),
        ("queue://Consumer.one.VirtualTopic.b", "topic://VirtualTopic.a", False),
        ("queue://Consumer.*.VirtualTopic.a", "topic://VirtualTopic.a", False),
        ("topic://VirtualTopic.a", "queue://Consumer.one.VirtualTopic.a", False),
    ],
)
def test_hears(subscription: str, destination: str, heard: bool) -> None:
    assert hears(subscription, destination) is heard


@pytest.mark.parametrize(
    ("subscription", "destination", "all_of_it"),
    [
        ("topic://a.>", "topic://a.*", True),
        ("topic://a.>", "topic://a.>", True),
        ("topic://a.>", "topic://a", True),
        ("topic://a.*", "topic://a.*", True),
        ("topic://a.*", "topic://a.b", True),
        ("topic://a.*", "topic://a.>", False),
        ("topic://a.*", "topic://a.*.c", False),
        ("topic://*.*", "topic://a.*", True),
        ("topic://a.b", "topic://a.*", False),
        ("topic://>", "queue://a.*", False),
        ("queue://a,b", "queue://b,a", True),
        ("queue://a", "queue://a,b", False),
        ("queue://Consumer.one.VirtualTopic.a", "topic://VirtualTopic.a", True),
        ("queue://Consumer.one.VirtualTopic.a", "topic://VirtualTopic.>", False),
    ],
)
def test_covers(subscription: str, destination: str, all_of_it: bool) -> None:
    assert covers(subscription, destination) is all_of_it


@pytest.mark.parametrize("name", ["a", "a.>", ">", "*", "*.b.>", "a.*.b", "a.>.>", "a-b+c", "c#.d", ""])
def test_names_that_are_what_they_look_like(name: str) -> None:
    assert no_wildcard(name) == ""


@pytest.mark.parametrize("name", ["a>", ">.b", "a.>.b", "a*", "*a.b", "a/#", "a.+", "+/b", "a.>>"])
def test_names_that_only_look_like_wildcards(name: str) -> None:
    assert no_wildcard(name)

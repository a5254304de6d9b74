"""`mqlab routes`: of a scenario the routes that its clients use, or all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_of_a_scenario_the_used_routes_are_shown_and_all_on_request(mqlab: Commands) -> None:
    used = mqlab.inside("routes", "hub-and-spokes", "--json").json
    assert {(route["from"], route["to"], route["destination"]) for route in used} == {
        ("virginia", "frankfurt", "queue://orders"),
        ("virginia", "frankfurt", "topic://prices"),
        ("frankfurt", "virginia", "topic://news"),
    }
    every = mqlab.inside("routes", "hub-and-spokes", "--all", "--json").json
    assert {route["destination"] for route in every} == {"queues", "topics"}
    assert len(every) == 12


def test_the_brokers_at_both_ends_choose_among_the_used_routes(mqlab: Commands) -> None:
    text = mqlab.inside("routes", "hub-and-spokes", "--from", "frankfurt").out
    assert "topic://news" in text and "topic://prices" not in text
    shown = mqlab.inside("routes", "hub-and-spokes", "--from", "dublin")
    assert (shown.code, "add --all" in shown.out) == (0, True)
    assert len(mqlab.inside("routes", "hub-and-spokes", "--all", "--from", "dublin", "--json").json) == 4


def test_a_destination_that_is_named_is_shown_between_all_brokers(mqlab: Commands) -> None:
    found = mqlab.inside("routes", "hub-and-spokes", "--destination", "topic://else", "--json").json
    assert {route["destination"] for route in found} == {"topic://else"} and len(found) == 6


def test_strict_is_about_the_routes_shown(mqlab: Commands) -> None:
    assert mqlab.inside("routes", "tokyo-singapore", "--strict").code == 0
    assert mqlab.inside("routes", "one-way", "--all", "--strict").code == 1

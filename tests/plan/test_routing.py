"""A topology's routing table is what lies beside it; `python -m tests.plan.test_routing` writes the tables anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.topology import Topology
from lab.plan.routing import Arrival, Route, routing_table
from lab.plan.routing_text import describe_routes, routes_json

FOLDER = Path(__file__).parent / "routes"
SCENARIOS = Path(__file__).parents[2] / "scenarios"
CASES = sorted(FOLDER.glob("*.yaml"))


def topology(path: Path) -> Topology:
    scenario = load(path, environment={})
    assert check(scenario) == ()
    return scenario.topology


def table(path: Path) -> str:
    return describe_routes(routing_table(topology(path)))


def route(path: Path, source: str, target: str, destination: str) -> Route:
    (found,) = routing_table(topology(path), sources=[source], targets=[target], destinations=[destination])
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_topology_has_its_table(path: Path) -> None:
    assert table(path) == path.with_suffix(".txt").read_text()


def test_a_shipped_topology_needs_no_more_than_one_table() -> None:
    assert table(SCENARIOS / "tokyo-singapore.yaml").startswith("queues and topics\n")


def test_a_remedy_that_is_followed_lets_messages_through(tmp_path: Path) -> None:
    asked = route(FOLDER / "hub.yaml", "west", "east", "topic://news")
    assert asked.arrival is Arrival.NEVER
    assert [(each.at.bridge.connector, each.words) for each in asked.remedies] == [
        ("west-topics", 'write networkTTL="2"'),
        ("east-topics", 'write networkTTL="2"'),
    ]
    for file in FOLDER.iterdir():
        text = file.read_text()
        for remedy in asked.remedies:
            name = f'name="{remedy.at.bridge.connector}"'
            text = text.replace(name, f"{name} {remedy.words.removeprefix('write ')}")
        (tmp_path / file.name).write_text(text)
    assert route(tmp_path / "hub.yaml", "west", "east", "topic://news").arrival is Arrival.ALWAYS


def test_what_security_groups_stop_is_named_in_their_words() -> None:
    found = route(SCENARIOS / "closed-security-group.yaml", "tokyo", "singapore", "queue://orders")
    assert found.arrival in (Arrival.ALWAYS, Arrival.NEVER)


def test_a_composite_destination_has_a_route_for_each_part() -> None:
    its = topology(FOLDER / "hub.yaml")
    found = routing_table(its, sources=["west"], targets=["east"], destinations=["queue://a,topic://b"])
    assert [(each.destination, each.arrival) for each in found] == [
        ("queue://a", Arrival.ALWAYS),
        ("topic://b", Arrival.NEVER),
    ]


def test_a_broker_that_is_created_later_is_not_there_yet(tmp_path: Path) -> None:
    for file in FOLDER.iterdir():
        (tmp_path / file.name).write_text(
            file.read_text().replace("region: virginia", "region: virginia\n      later: yes")
        )
    found = routing_table(
        load(tmp_path / "hub.yaml", environment={}).topology,
        sources=["west"],
        targets=["hub"],
        destinations=["queue://a"],
    )
    assert [(each.arrival, each.stops) for each in found] == [
        (Arrival.NEVER, ("the bridge of west-queues does not come up: west is created later",))
    ]


def test_a_table_is_values_too() -> None:
    (found,) = routes_json([route(FOLDER / "hub.yaml", "west", "east", "queue://orders")])
    assert found["arrives"] == "always"
    assert found["over"] == ["west-queues", "east-queues"]


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(table(case))

"""A topology's routing table is what lies beside it; `python -m tests.plan.test_routing` writes the tables anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.activemq.forwarding.durable import Absence
from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.topology import Topology
from lab.plan.arrival import Arrival
from lab.plan.forwarding import declared_bridges, tells_of_durables
from lab.plan.routing import Route, routing_table
from lab.plan.routing_text import describe_routes, routes_json
from tests.routing.networks import write_network

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


def test_no_line_is_wider_than_a_terminal_and_each_remedy_is_written_once() -> None:
    for path in CASES:
        lines = table(path).splitlines()
        assert [line for line in lines if len(line) > 80] == []
        remedies = [line for line in lines if line.startswith("     write ")]
        assert len(remedies) == len({*remedies})


def test_a_shipped_topology_needs_no_more_than_one_table() -> None:
    assert table(SCENARIOS / "tokyo-singapore.yaml").startswith("queues and topics\n")


def test_a_remedy_that_is_followed_lets_messages_through(tmp_path: Path) -> None:
    asked = route(FOLDER / "hub.yaml", "west", "east", "topic://news")
    assert asked.arrival is Arrival.NEVER
    assert [(each.where, each.remedy) for each in asked.remedies] == [
        ("west-topics", 'write networkTTL="2"'),
        ("east-topics", 'write networkTTL="2"'),
    ]
    for file in FOLDER.iterdir():
        text = file.read_text()
        for need in asked.remedies:
            name = f'name="{need.where}"'
            text = text.replace(name, f"{name} {need.remedy.removeprefix('write ')}")
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


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", [2, 3, 5, 10, 11, 12, 13, 14, 54])
def test_what_stops_messages_is_told_with_what_lets_them_through(seed: int, tmp_path: Path) -> None:
    """In the last of these networks no rule refuses: a subscription that was there first is joined by the consumer."""
    for each in routing_table(topology(write_network(tmp_path, seed))):
        if each.arrival is Arrival.NEVER and each.stops != ("no bridge leads there, over whatever brokers",):
            assert each.remedies, each
            assert set(each.stops) == {need.stop for need in each.remedies}


def test_a_release_may_be_named_for_all_brokers() -> None:
    its = topology(FOLDER / "hub.yaml")
    for version, splits in ((None, True), ("5.18.1", False), ("5.17.6", True)):
        rules = [each.bridge.forwarding for each in declared_bridges(its, version)]
        assert {each.splits_composite_consumers for each in rules} == {splits}
        # activemq.xml has this default, of the engine version.
        assert {each.decrease_network_consumer_priority for each in rules} == {True}
    assert routing_table(its, activemq_version="5.17.6") != ()


def test_what_waits_for_a_durable_subscriber_that_is_away_is_told(tmp_path: Path) -> None:
    text = (FOLDER / "same-names.yaml").read_text()
    path = tmp_path / "durable.yaml"
    path.write_text(text)
    assert not tells_of_durables(declared_bridges(topology(path)))
    found = route(path, "c", "b", "topic://news")
    assert {str(each): where for each, where in found.away.items()} == {
        "left": "b", "reopened": "c", "restarted": "b", "unseen": None,
    }  # fmt: skip
    assert route(path, "c", "b", "queue://orders").away == {}
    path.write_text(text.replace('networkTTL="2"', 'networkTTL="2" dynamicOnly="true"'))
    assert tells_of_durables(declared_bridges(topology(path)))
    assert route(path, "c", "b", "topic://news").away[Absence.RESTARTED] == "c"
    told = describe_routes(routing_table(topology(path)), durable=True)
    assert "topics, while a durable subscriber is away: wait on\n" in told
    assert routes_json([route(path, "c", "b", "topic://news")])[0]["away"]["unseen"] is None


def test_a_bridge_is_told_of_durable_subscribers_when_it_opens_whatever_its_filter(tmp_path: Path) -> None:
    text = (FOLDER / "same-names.yaml").read_text()
    path = tmp_path / "synced.yaml"
    filtered = 'networkTTL="2" destinationFilter="Queue.>" syncDurableSubs="true"'
    path.write_text(text.replace('networkTTL="2"', filtered))
    assert (route(path, "c", "b", "topic://news").arrival, route(path, "c", "b", "topic://news").away) == ("never", {})
    included = '><dynamicallyIncludedDestinations><topic physicalName="news"/></dynamicallyIncludedDestinations>'
    connector = path.read_text().rpartition("/>\n          </networkConnectors>")
    path.write_text(f"{connector[0]}{included}</networkConnector>\n          </networkConnectors>{connector[2]}")
    found = route(path, "c", "b", "topic://news")
    assert found.arrival is Arrival.NEVER
    assert [found.away[each] for each in Absence] == [None, "b", "b", "b"]
    assert "  c     b   lost" in describe_routes([found], durable=True)


def test_where_virtual_destinations_make_demand_nothing_is_promised(tmp_path: Path) -> None:
    text = (FOLDER / "same-names.yaml").read_text()
    path = tmp_path / "virtual.yaml"
    path.write_text(
        text.replace('duplex="true"', 'duplex="true" useVirtualDestSubs="true"').replace(
            'schema/core">', 'schema/core" useVirtualDestSubs="true">'
        )
    )
    words = "asks for messages without a consumer, for virtual destinations: useVirtualDestSubs"
    found = route(path, "a", "b", "topic://news")
    assert found.arrival is Arrival.UNKNOWN
    assert found.stops == (f"uplink of a {words}", f"uplink of c {words}")
    assert route(path, "a", "b", "queue://orders").arrival is Arrival.ALWAYS


def test_a_table_is_values_too() -> None:
    (found,) = routes_json([route(FOLDER / "hub.yaml", "west", "east", "queue://orders")])
    assert found["arrives"] == "always"
    assert found["over"] == ["west-queues", "east-queues"]
    assert found["through"] == ["hub", "east"]
    (found,) = routes_json([route(FOLDER / "hub.yaml", "west", "east", "topic://news")])
    assert found["remedies"][0] == {"at": "west-topics", "do": 'write networkTTL="2"'}


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(table(case))

"""The rules as they are agree with what real brokers did in the networks that are kept; `make routes` asks anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.activemq.forwarding.durable import Absence
from lab.activemq.forwarding.network import Bridge
from lab.activemq.forwarding.settings import Forwarding
from lab.declare.loading import load
from lab.plan.arrival import Arrival
from lab.plan.routing import Route, RoutingTable
from tests.routing.kept import EXPLAINED, compared, kept, page_table, written_table
from tests.routing.proof import absence_of, digest, write

RESULTS = kept()


def test_twenty_networks_at_least_are_kept() -> None:
    assert len(RESULTS) >= 20
    assert sum(len(its.answers) for its in RESULTS.values()) >= 400


@pytest.mark.release
@pytest.mark.parametrize("seed", sorted(RESULTS))
def test_real_brokers_did_as_the_table_says_or_it_is_explained(seed: int) -> None:
    found = compared(seed, RESULTS[seed])
    assert [str(each) for each in found if not each.agrees and each.name not in EXPLAINED] == []


@pytest.mark.parametrize("seed", sorted(RESULTS))
def test_a_kept_network_is_the_one_that_its_seed_makes(seed: int, tmp_path: Path) -> None:
    write(tmp_path, seed)
    assert digest(tmp_path) == RESULTS[seed].network


@pytest.mark.release
def test_what_is_explained_is_a_disagreement() -> None:
    wrong = {each.name for seed, its in RESULTS.items() for each in compared(seed, its) if not each.agrees}
    assert set(EXPLAINED) <= wrong


@pytest.mark.release
def test_the_page_has_the_table_of_what_is_kept() -> None:
    assert written_table() == page_table(RESULTS)


@pytest.mark.parametrize(
    ("stayed", "absence"),
    [
        ((), Absence.REOPENED),
        (("c at a", "c at b"), Absence.LEFT),
        (("c at a",), None),
        (("other at a",), Absence.REOPENED),
    ],
)
def test_a_bridge_that_stayed_up_while_its_link_rejected_was_not_opened_again(
    stayed: tuple[str, ...], absence: Absence | None
) -> None:
    bridge = Bridge(connector="c", initiator="a", source="a", target="b", forwarding=Forwarding())
    route = Route(source="a", target="b", destination="topic://t", over=(bridge,))
    assert absence_of(route, Absence.REOPENED, stayed) is absence
    assert absence_of(route, Absence.RESTARTED, stayed) is Absence.RESTARTED


ANSWERED = {
    "topic://jobs.kept.broker2.broker3": "5 in 5",
    "topic://VirtualTopic.orders.broker2.broker1": "0 in 0",
    "topic://jobs.kept.broker2.broker1": "0 in 0",
}


def test_network_113_answers_on_5_18_3_as_the_table_says(tmp_path: Path) -> None:
    """Its bridges stayed up, and its connectors have the default of its engine version, 5.16, in activemq.xml."""
    topology = load(write(tmp_path, 113), environment={}).topology
    table = RoutingTable(topology, activemq_version="5.18.3")
    for destination, came in ANSWERED.items():
        source, target = destination.split(".")[-2:]
        heard = f"queue://Consumer.c.{destination.partition('://')[2]}" if "Virtual" in destination else destination
        route = table.route(source, target, destination, heard=heard)
        waits = route.away.get(Absence.LEFT) if "kept" in destination else None
        assert (waits == target or route.arrival is Arrival.ALWAYS) == (came == "5 in 5"), destination

"""What a link does to real packets between real brokers, and what the router says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from lab.history import LinkSeen
from lab.link.impairment import Impairment, LinkState
from tests.integration.labs import Standing, eventually, opens, reach

pytestmark = pytest.mark.docker

LINK, OPENWIRE = "ashburn-dublin", 61617
WAYS = ("ashburn", "dublin")


@pytest.fixture
def lab(shores_lab: Standing) -> Iterator[Standing]:
    """The lab, its link healed again after each test."""
    yield shores_lab
    (declared, _) = shores_lab.plan.link(LINK).directions
    shores_lab.lab.links.change(LINK, leaving=None, impairment=declared.impairment, state=LinkState.OPEN)
    assert eventually(shores_lab.bridged, 120)


def change(lab: Standing, state: LinkState, leaving: str | None = None) -> None:
    changed = lab.lab.links.change(LINK, leaving=leaving, impairment=None, state=state)
    assert {each.leaving for each in changed} == ({leaving} if leaving else {"ashburn", "dublin"})
    assert {each.state for each in changed} == {state}


def across(lab: Standing) -> str:
    """Return what becomes of a connection that is not to come about: it is not waited for long."""
    return reach(lab.broker("ashburn"), lab.lab.state.brokers["dublin"].first.address, OPENWIRE)


def crosses(lab: Standing) -> bool:
    return opens(lab.broker("ashburn"), lab.lab.state.brokers["dublin"].first.address, OPENWIRE)


def seen(lab: Standing, leaving: str) -> LinkSeen:
    return next(each for each in lab.lab.links.counters() if each.leaving == leaving)


@pytest.mark.release
@pytest.mark.parametrize("leaving", [None, "ashburn", "dublin"])
def test_a_cut_is_silent_and_heals(lab: Standing, leaving: str | None) -> None:
    assert crosses(lab)
    before = {way: seen(lab, way).dropped.get("cut", 0) for way in WAYS}
    change(lab, LinkState.CUT, leaving)
    # Without the call, or without its answer, there is no connection.
    assert across(lab) == "silent"
    grown = {way for way in WAYS if seen(lab, way).dropped.get("cut", 0) > before[way]}
    assert grown == {leaving} if leaving else "ashburn" in grown
    change(lab, LinkState.OPEN, leaving)
    assert crosses(lab)


def test_a_rejecting_link_answers_at_once(lab: Standing) -> None:
    change(lab, LinkState.REJECT)
    assert across(lab) == "refused"
    assert seen(lab, "ashburn").dropped["reject"] > 0
    change(lab, LinkState.OPEN)
    assert crosses(lab)


@pytest.mark.release
@pytest.mark.alone
def test_a_delay_is_configured_and_measured(lab: Standing) -> None:
    slow = Impairment(delay=timedelta(milliseconds=60))
    lab.lab.links.change(LINK, leaving="ashburn", impairment=slow, state=None)
    answer = lab.lab.router.probe(LINK, 10)
    # Never early by more than the clocks' grain; late by as much as a busy machine makes it, but not all ten by so much
    # that one way could be taken for the other.
    there, back = (answer["one_way_us"][region]["min"] / 1000 for region in ("ashburn", "dublin"))
    assert there >= 59.5
    assert 4.5 <= back < 55
    assert seen(lab, "ashburn").configured_delay_ms == 60
    assert seen(lab, "dublin").configured_delay_ms == 5
    assert crosses(lab)
    given = seen(lab, "ashburn")
    assert given.measured_p50_ms is not None and given.measured_p50_ms >= 59.5


def test_every_packet_lost_is_counted(lab: Standing) -> None:
    lab.lab.links.change(LINK, leaving="ashburn", impairment=Impairment(loss=1.0), state=None)
    assert across(lab) == "silent"
    assert seen(lab, "ashburn").dropped["loss"] > 0


def test_counters_count_both_ways(lab: Standing) -> None:
    before = {way: seen(lab, way).packets for way in WAYS}
    assert crosses(lab)
    # SYN, its acknowledgement and a FIN one way; SYN-ACK and the broker's answer to the FIN the other. The last of them
    # are still on their way when the test's client has closed its connection.
    assert eventually(lambda: seen(lab, "ashburn").packets >= before["ashburn"] + 3, 10)
    assert eventually(lambda: seen(lab, "dublin").packets >= before["dublin"] + 2, 10)

"""What the router lets pass between real brokers and from this machine, as a Network says, while they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from lab.network import peerings, security_groups
from lab.network.reach import reach
from lab.network.vpc import ANYWHERE, INTERNET, Network, Protocol, Rule
from tests.integration.labs import Standing, eventually

pytestmark = pytest.mark.docker

OPENWIRE, MQTT = 61617, 8883
NEAR, FAR = "ashburn", "dublin"
ALL = Rule(protocol=Protocol.ALL, ports=(0, 65535), cidr=ANYWHERE)


@pytest.fixture
def lab(shores_lab: Standing) -> Iterator[Standing]:
    """The lab, everything open again after each test."""
    yield shores_lab
    shores_lab.lab.policies.apply(shores_lab.plan.network)
    assert eventually(shores_lab.bridged, 90)


def closed(network: Network, broker: str = FAR) -> Network:
    """Return a Network in which a broker's group lets nothing in."""
    (group,) = network.interface(broker).groups
    return security_groups.revoke(network, group, ALL)


def answers(lab: Standing, network: Network, source: str = NEAR, port: int = OPENWIRE) -> str:
    """Try for real, and see that the Network says the same."""
    attempt = lab.lab.policies.attempt(source, FAR, port, within=2.0)
    assert (attempt.answer in ("open", "refused")) is reach(network, source, FAR, port).yes
    return attempt.answer


def dropped(lab: Standing) -> dict[str, int]:
    return {each.cause: each.packets for each in lab.lab.policies.dropped() if each.target == FAR}


def test_a_group_is_closed_and_opened_and_the_bridge_goes_on(lab: Standing) -> None:
    whole = lab.plan.network
    assert answers(lab, whole) == "open"
    shut = closed(whole)
    applied = lab.lab.policies.apply(shut)
    assert applied.changed[f"{NEAR} to {FAR}"] == "nothing is let in"
    assert applied.took_ms < 5_000
    before = dropped(lab)
    assert answers(lab, shut) == "silent"
    (cause,) = (cause for cause, count in dropped(lab).items() if count > before.get(cause, 0))
    assert cause.startswith("no ingress rule on default-dublin for tcp 61617 from ")
    # the bridge's connection was there before
    assert lab.bridged()
    rule = Rule(protocol=Protocol.TCP, ports=(OPENWIRE, OPENWIRE), cidr=ANYWHERE)
    (group,) = shut.interface(FAR).groups
    opened = security_groups.authorize(shut, group, rule)
    lab.lab.policies.apply(opened)
    assert answers(lab, opened) == "open"
    assert answers(lab, opened, port=MQTT) == "silent"
    assert dropped(lab)[cause] >= 1, "what was dropped before is still told"


@pytest.mark.release
def test_a_deleted_peering_stops_the_bridge_itself(lab: Standing) -> None:
    whole = lab.plan.network
    (peering,) = whole.peerings
    gone = peerings.delete(whole, peering.name, at=timedelta(0))
    lab.lab.policies.apply(gone)
    assert answers(lab, gone) == "silent"
    assert any("is a blackhole" in cause for cause in dropped(lab))


def test_what_is_not_public_is_silent_for_this_machine_and_its_management_answers(lab: Standing) -> None:
    whole = lab.plan.network
    assert answers(lab, whole, INTERNET, MQTT) == "open"
    private = whole.with_interface(replace(whole.interface(FAR), public=False))
    lab.lab.policies.apply(private)
    assert answers(lab, private, INTERNET, MQTT) == "silent"
    assert lab.is_up(FAR)
    assert answers(lab, private) == "open"
    shut = closed(whole)
    lab.lab.policies.apply(shut)
    assert answers(lab, shut, INTERNET, MQTT) == "silent"
    assert lab.is_up(FAR)


@pytest.mark.release
def test_a_broker_that_does_not_run_refuses_and_one_whose_group_is_closed_does_not(lab: Standing) -> None:
    whole = lab.plan.network
    lab.lab.instances.stop(FAR, within=20)
    try:
        assert answers(lab, whole) == "refused"
        assert answers(lab, whole, INTERNET, MQTT) == "refused"
        shut = closed(whole)
        lab.lab.policies.apply(shut)
        assert answers(lab, shut) == "silent"
        lab.lab.policies.apply(whole)
    finally:
        lab.lab.instances.start(FAR)
    assert eventually(lambda: lab.lab.instances.started(FAR), 120)
    assert answers(lab, whole) == "open"

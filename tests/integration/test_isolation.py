"""A lab is an island: regions hear each other through the router alone, and nothing of it gets out.

Each "cannot" stands beside the "can" of the same probe, which shows that the probe can tell.
"""

from __future__ import annotations

import socket

import pytest

from lab.emulation.network.ports import FIRST_PUBLISHED
from tests.integration.labs import (
    Engine,
    Standing,
    eventually,
    host_addresses,
    host_listener,
    named,
    opens,
    output_of,
    reached,
    stranger,
)

pytestmark = pytest.mark.docker

OPENWIRE, JOLOKIA = 61617, 8778
# Addresses that are nobody's (RFC 5737).
NOWHERE = [(each, port) for each in ("192.0.2.1", "198.51.100.7", "203.0.113.9") for port in (53, 443)]


def address(lab: Standing, broker: str) -> str:
    return lab.lab.state.brokers[broker].first.address


@pytest.mark.parametrize(("here", "there"), [("tokyo", "singapore"), ("singapore", "tokyo")])
def test_brokers_of_two_regions_reach_each_other(article_lab: Standing, here: str, there: str) -> None:
    assert opens(article_lab.broker(here), address(article_lab, there), OPENWIRE)


def test_a_broker_reaches_nothing_outside(article_lab: Standing, engine: Engine) -> None:
    """A container of nobody's lab reaches them with the same probe; those of the lab reach each other, and no more."""
    with stranger(engine) as (beside, beside_address), host_listener() as port:
        hosts = [(each, port) for each in host_addresses(article_lab.client)]
        outside = [*hosts, (beside_address, 80)]
        for each in outside:
            with socket.create_connection(each, timeout=20):
                pass  # it listens there, and this host has a way
        assert reached(beside, hosts) == named(hosts)
        for here, there in (("tokyo", "singapore"), ("singapore", "tokyo")):
            inside = (address(article_lab, there), OPENWIRE)
            assert reached(article_lab.broker(here), [*outside, *NOWHERE, inside]) == named([inside])
            # No answer reaches the router's own sockets from anywhere; it knows no way out either.
            ways = {to: article_lab.router.exec_run(["ip", "route", "get", to])[0] for to, _ in (*outside, inside)}
            assert {to for to, code in ways.items() if code == 0} == {inside[0]}, ways


def test_a_broker_does_not_reach_the_other_networks_bridges_on_the_host(article_lab: Standing) -> None:
    bridges = {
        network.attrs["Labels"]["mqlab.region"]: network.attrs["IPAM"]["Config"][0]["Gateway"]
        for network in article_lab.client.networks.list(names=[article_lab.run])
    }
    inside = (address(article_lab, "singapore"), OPENWIRE)
    with host_listener() as port:
        there = [(bridges[each], port) for each in ("singapore", "internet")]
        for each in there:
            with socket.create_connection(each, timeout=20):
                pass
        assert reached(article_lab.broker("tokyo"), [*there, inside]) == named([inside])


def test_a_broker_does_not_reach_the_management_of_another(article_lab: Standing) -> None:
    own, other = address(article_lab, "tokyo"), address(article_lab, "singapore")
    tried = [("127.0.0.1", JOLOKIA), (own, JOLOKIA), (other, OPENWIRE), (other, JOLOKIA)]
    assert reached(article_lab.broker("tokyo"), tried) == named(tried[:3])


def test_names_of_the_lab_resolve_and_no_others_do(article_lab: Standing) -> None:
    broker = article_lab.broker("tokyo")
    for name in article_lab.lab.state.brokers:
        host = article_lab.plan.broker(name).host_name
        assert output_of(broker, "getent", "ahostsv4", host).split()[0] == address(article_lab, name)
    code, output = broker.exec_run(["timeout", "10", "getent", "hosts", "example.com"])
    assert code == 2, (code, output)  # not found, and told soon
    # Docker's own name server asks the one that the container names: the container itself, where nobody answers.
    assert broker.attrs["HostConfig"]["Dns"] == article_lab.router.attrs["HostConfig"]["Dns"] == ["127.0.0.1"]


@pytest.mark.release
def test_two_labs_do_not_hear_each_other(article_lab: Standing, shores_lab: Standing) -> None:
    for here, there in ((article_lab, shores_lab), (shores_lab, article_lab)):
        targets = [(address(there, other), OPENWIRE) for other in there.lab.state.brokers]
        for network in there.router.attrs["NetworkSettings"]["Networks"].values():
            targets.append((network["IPAddress"], FIRST_PUBLISHED))
        for broker in here.lab.state.brokers:
            own = [(address(here, other), OPENWIRE) for other in here.lab.state.brokers]
            assert reached(here.broker(broker), [*targets, *own]) == named(own)


@pytest.mark.release
def test_without_the_router_packets_go_nowhere(shores_lab: Standing) -> None:
    ashburn, dublin = shores_lab.broker("ashburn"), address(shores_lab, "dublin")
    assert opens(ashburn, dublin, OPENWIRE)
    before = shores_lab.router.attrs["NetworkSettings"]["Ports"]
    shores_lab.router.stop(timeout=10)
    try:
        with host_listener() as port:
            outside = [(each, port) for each in (*host_addresses(shores_lab.client), dublin)]
            own = [("127.0.0.1", OPENWIRE)]
            assert reached(ashburn, [(dublin, OPENWIRE), *outside, *own]) == named(own)
        assert not shores_lab.is_up("dublin")  # the published ports were the router's
    finally:
        shores_lab.router.start()
    assert eventually(shores_lab.bridged, 120)
    assert opens(ashburn, dublin, OPENWIRE)
    assert shores_lab.router.attrs["NetworkSettings"]["Ports"] == before


@pytest.mark.release
def test_a_killed_link_takes_the_router_with_it(shores_lab: Standing) -> None:
    router = shores_lab.router
    code, output = router.exec_run(["python3", "-c", KILL_LINK])
    assert code == 0, output

    def stopped() -> bool:
        router.reload()
        return bool(router.status == "exited")

    try:
        assert eventually(stopped, 60)
        assert router.attrs["State"]["ExitCode"] == 1
        ashburn, own = shores_lab.broker("ashburn"), [("127.0.0.1", OPENWIRE)]
        assert reached(ashburn, [(address(shores_lab, "dublin"), OPENWIRE), *own]) == named(own)
    finally:
        router.start()
    assert eventually(shores_lab.bridged, 120)


KILL_LINK = """
import os, pathlib
for each in pathlib.Path("/proc").glob("[0-9]*/comm"):
    if each.read_text().strip() == "link":
        os.kill(int(each.parent.name), 9)
        break
else:
    raise SystemExit("no link's process")
"""

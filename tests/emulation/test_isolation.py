"""A lab is an island: regions hear each other through the router alone, and nothing of it gets out.

Each "cannot" stands beside the "can" of the same probe, which shows that the probe can tell.
"""

from __future__ import annotations

import socket

import pytest

from lab.runtime.emulation.opening import FIRST_PUBLISHED
from tests.emulation.labs import Standing, eventually, host_addresses, host_listener, reach, reached

pytestmark = pytest.mark.docker

OPENWIRE, JOLOKIA = 61617, 8778


def address(lab: Standing, broker: str) -> str:
    return lab.lab.state.brokers[broker].first.address


@pytest.mark.parametrize(("here", "there"), [("tokyo", "singapore"), ("singapore", "tokyo")])
def test_brokers_of_two_regions_reach_each_other(article_lab: Standing, here: str, there: str) -> None:
    assert reach(article_lab.broker(here), address(article_lab, there), OPENWIRE) == "open"


def test_a_broker_reaches_no_address_of_the_host_but_its_bridge(article_lab: Standing) -> None:
    with host_listener() as port:
        outside = [(each, port) for each in host_addresses(article_lab.client)]
        for each in outside:
            with socket.create_connection(each, timeout=5):
                pass  # it listens there
        assert reached(article_lab.broker("tokyo"), outside) == []
        assert reached(article_lab.router, outside) == []


def test_a_broker_reaches_nothing_outside(article_lab: Standing) -> None:
    outside = [(each, port) for each in ("192.0.2.1", "198.51.100.7", "203.0.113.9") for port in (53, 80, 443)]
    assert reached(article_lab.broker("singapore"), outside) == []


def test_a_broker_does_not_reach_the_other_networks_bridges_on_the_host(article_lab: Standing) -> None:
    bridges = {
        network.attrs["Labels"]["mqlab.region"]: network.attrs["IPAM"]["Config"][0]["Gateway"]
        for network in article_lab.client.networks.list(names=[article_lab.run])
    }
    with host_listener() as port:
        assert reached(article_lab.broker("tokyo"), [(bridges[each], port) for each in ("singapore", "internet")]) == []


def test_a_broker_does_not_reach_the_management_of_another(article_lab: Standing) -> None:
    assert reach(article_lab.broker("tokyo"), "127.0.0.1", JOLOKIA) == "open"
    assert reach(article_lab.broker("tokyo"), address(article_lab, "singapore"), JOLOKIA) != "open"


def test_names_of_the_lab_resolve_and_no_others_do(article_lab: Standing) -> None:
    broker = article_lab.broker("tokyo")
    for name in article_lab.lab.state.brokers:
        host = article_lab.plan.broker(name).host_name
        code, output = broker.exec_run(["getent", "ahostsv4", host])
        assert code == 0 and output.split()[0].decode() == address(article_lab, name)
    code, output = broker.exec_run(["timeout", "10", "getent", "hosts", "example.com"])
    assert code == 2, (code, output)  # not found, and told soon
    # Docker's own name server asks the one that the container names: the container itself, where nobody answers.
    assert broker.attrs["HostConfig"]["Dns"] == article_lab.router.attrs["HostConfig"]["Dns"] == ["127.0.0.1"]


def test_two_labs_do_not_hear_each_other(article_lab: Standing, shores_lab: Standing) -> None:
    for here, there in ((article_lab, shores_lab), (shores_lab, article_lab)):
        targets = [(address(there, other), OPENWIRE) for other in there.lab.state.brokers]
        for network in there.router.attrs["NetworkSettings"]["Networks"].values():
            targets.append((network["IPAddress"], FIRST_PUBLISHED))
        for broker in here.lab.state.brokers:
            assert reached(here.broker(broker), targets) == []


def test_without_the_router_packets_go_nowhere(shores_lab: Standing) -> None:
    ashburn, dublin = shores_lab.broker("ashburn"), address(shores_lab, "dublin")
    assert reach(ashburn, dublin, OPENWIRE) == "open"
    before = shores_lab.router.attrs["NetworkSettings"]["Ports"]
    shores_lab.router.stop(timeout=10)
    try:
        with host_listener() as port:
            outside = [(each, port) for each in (*host_addresses(shores_lab.client), dublin)]
            assert reached(ashburn, [(dublin, OPENWIRE), *outside]) == []
        assert not shores_lab.is_up("dublin")  # the published ports were the router's
    finally:
        shores_lab.router.start()
    assert eventually(shores_lab.bridged, 60)
    assert reach(ashburn, dublin, OPENWIRE) == "open"
    assert shores_lab.router.attrs["NetworkSettings"]["Ports"] == before


def test_a_killed_link_takes_the_router_with_it(shores_lab: Standing) -> None:
    router = shores_lab.router
    code, output = router.exec_run(["python3", "-c", KILL_LINK])
    assert code == 0, output

    def stopped() -> bool:
        router.reload()
        return bool(router.status == "exited")

    try:
        assert eventually(stopped, 20)
        assert router.attrs["State"]["ExitCode"] == 1
        assert reach(shores_lab.broker("ashburn"), address(shores_lab, "dublin"), OPENWIRE) != "open"
    finally:
        router.start()
    assert eventually(shores_lab.bridged, 60)


KILL_LINK = """
import os, pathlib
for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if b"/opt/mqlab/link.py" in each.read_bytes():
        os.kill(int(each.parent.name), 9)
        break
else:
    raise SystemExit("no link's process")
"""

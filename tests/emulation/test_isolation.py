"""A lab is an island: regions hear each other through the router alone, and nothing of it gets out.

Each "cannot" stands beside the "can" of the same probe, which shows that the probe can tell.
"""

from __future__ import annotations

import socket

import pytest

from tests.emulation.labs import Standing, eventually, host_addresses, host_listener, reach

pytestmark = pytest.mark.docker

OPENWIRE, JOLOKIA = 61617, 8778


def address(lab: Standing, broker: str) -> str:
    return lab.lab.state.brokers[broker].address


@pytest.mark.parametrize(("here", "there"), [("tokyo", "singapore"), ("singapore", "tokyo")])
def test_brokers_of_two_regions_reach_each_other(article_lab: Standing, here: str, there: str) -> None:
    assert reach(article_lab.broker(here), address(article_lab, there), OPENWIRE) == "open"


def test_a_broker_reaches_no_address_of_the_host_but_its_bridge(article_lab: Standing) -> None:
    with host_listener() as port:
        for outside in host_addresses(article_lab.client):
            with socket.create_connection((outside, port), timeout=5):
                pass  # it listens there
            assert reach(article_lab.broker("tokyo"), outside, port) != "open", outside
            assert reach(article_lab.router, outside, port) != "open", outside


@pytest.mark.parametrize("outside", ["192.0.2.1", "198.51.100.7", "1.1.1.1", "169.254.169.254"])
def test_a_broker_reaches_nothing_outside(article_lab: Standing, outside: str) -> None:
    for port in (53, 80):
        assert reach(article_lab.broker("singapore"), outside, port) != "open"


def test_a_broker_does_not_reach_the_other_regions_bridge_on_the_host(article_lab: Standing) -> None:
    subnets = {
        network.attrs["Labels"]["mqlab.region"]: network.attrs["IPAM"]["Config"][0]["Gateway"]
        for network in article_lab.client.networks.list(names=[article_lab.run])
    }
    with host_listener() as port:
        for region in ("singapore", "internet"):
            assert reach(article_lab.broker("tokyo"), subnets[region], port) != "open", region


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
        for broker in here.lab.state.brokers:
            for other in there.lab.state.brokers:
                assert reach(here.broker(broker), address(there, other), OPENWIRE) != "open"
            assert reach(here.broker(broker), there.lab.state.networks["internet"].split("/")[0], 20000) != "open"


def test_without_the_router_packets_go_nowhere(shores_lab: Standing) -> None:
    ashburn, dublin = shores_lab.broker("ashburn"), address(shores_lab, "dublin")
    assert reach(ashburn, dublin, OPENWIRE) == "open"
    before = shores_lab.router.attrs["NetworkSettings"]["Ports"]
    shores_lab.router.stop(timeout=10)
    try:
        assert reach(ashburn, dublin, OPENWIRE) != "open"
        with host_listener() as port:
            for outside in host_addresses(shores_lab.client):
                assert reach(ashburn, outside, port) != "open", outside
            assert reach(ashburn, dublin, port) != "open"
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

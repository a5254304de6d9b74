"""The sentences of bridges and of clients' connections, and the names that log lines of real brokers have."""

from __future__ import annotations

import pytest

from lab.activemq.log_lines import name_of
from lab.errors import BrokerError
from lab.simulation.bridge.sentences import samples as of_bridges
from lab.simulation.protocols.sentences import samples as of_clients
from tests.simulation.world import World

SAID = {
    "bridge-answered",
    "bridge-failed",
    "bridge-started",
    "bridge-stopped",
    "client-id-taken",
    "connection-closed",
    "connection-refused",
    "connection-reset",
    "connection-timed-out",
    "duplex-replaced",
    "inactive",
    "not-authorized",
    "password-invalid",
}


def test_the_sentences_have_the_names_that_scenarios_use() -> None:
    said = [
        *of_bridges("tokyo", "singapore", "wan", "ssl://b-1:61617", "testuser"),
        *of_clients("tokyo", ["testuser"], ["topic://a"]),
    ]
    names = {name_of(f"{each.logger} | {each.text}") for each in said}
    assert names - {""} == SAID
    assert {each.level for each in said} == {"INFO", "WARN", "ERROR"}


def test_whatever_a_bridge_wrote_is_like_a_sample() -> None:
    world = World(passwords={"singapore": {"testuser": "An0therPassw0rd"}})
    world.run(10.0)
    for broker, remote in (("tokyo", "singapore"), ("singapore", "tokyo")):
        known = {
            (each.level, each.logger)
            for each in of_bridges(broker, remote, "connector_tokyo_to_singapore", "ssl://b-1:61617", "testuser")
        } | {("WARN", "TransportConnection")}
        written = {tuple(line.split(" ", 4)[1:4:1])[:2] for line in world.logs[broker]}
        assert ("WARN", "DemandForwardingBridgeSupport" if broker == "tokyo" else "TransportConnection") in written
        assert written <= known


@pytest.mark.parametrize("over", ["mqtt", "stomp"])
def test_a_refused_login_is_logged_with_the_address_of_its_client(over: str) -> None:
    world = World(start=["tokyo"])
    with pytest.raises(BrokerError, match="password"):
        world.client("stranger", "tokyo", over, user="stranger", password="x")
    names = [name_of(line.split(" ", 2)[2]) for line in world.logs["tokyo"]]
    assert names.count("password-invalid") == (3 if over == "mqtt" else 4)

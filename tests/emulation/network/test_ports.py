"""Ports that were asked for are used, and named before anything starts if another program has them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.activemq.protocols import ENDPOINTS, MQTT
from lab.check.scenarios import plan_named
from lab.emulation.network.ports import Ports
from lab.emulation.network.published_at import PublishedAt
from lab.emulation.runtime import Emulation
from lab.errors import HostError
from lab.plan.values import InstancePlan
from lab.runtime.progress import Logged

TOKYO = InstancePlan(name="tokyo", number=1, address=IPv4Address("10.1.0.4"), host_name="tokyo.test")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_port_that_was_asked_for_is_used(free: int) -> None:
    named = Ports([replace(TOKYO, ports={"mqtt": free})]).named(TOKYO)
    assert named["mqtt"] == free
    assert len(set(named.values())) == len(ENDPOINTS)
    assert all(port in range(20000, 32000) for name, port in named.items() if name != "mqtt")


def test_no_free_port_is_one_that_another_broker_asked_for() -> None:
    many = [replace(TOKYO, name=f"b{number}") for number in range(1000)]
    elsewhere = PublishedAt(host="engine.test")  # here, another lab may take one of so many between the two choices
    chosen = Ports(many, at=elsewhere)
    every = [
        *(replace(its, ports=chosen.named(its)) for its in many),
        *(replace(TOKYO, name=f"c{n}") for n in range(50)),
    ]
    found = Ports(every, at=elsewhere)
    ports = [found.of(its, each.port) for its in every for each in ENDPOINTS]
    assert len(set(ports)) == len(ports)


def test_a_port_that_is_taken_is_named_before_anything_starts(taken: int, tmp_path: Path) -> None:
    path = tmp_path / "topology.yaml"
    path.write_text(
        "topology: one\nregions:\n  tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}\nbrokers:\n  tokyo:\n"
        f"    region: tokyo\n    ports: {{mqtt: {taken}}}\n    users: {{app: {{password: correct-horse-42}}}}\n"
    )
    plan = plan_named(str(path), {}).plan
    with (
        Emulation({"DOCKER_HOST": f"unix://{tmp_path}/nobody"}) as runtime,
        pytest.raises(HostError, match=f"port {taken} of 127.0.0.1, for mqtt of tokyo, is taken"),
    ):
        runtime.prepare(plan, Logged())


def test_a_port_that_was_taken_meanwhile_is_named(free: int) -> None:
    found = Ports([replace(TOKYO, ports={"mqtt": free})])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", free))
        listening.listen()
        with pytest.raises(HostError, match=f"port {free} "):
            found.choose()
    assert found.of(TOKYO, MQTT.port) == free


def test_what_an_earlier_lab_has_not_forgotten_keeps_no_port() -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listening.accept()
            server.close()  # first, so that its end waits, as a router's that was removed
            assert client.recv(1) == b""
    assert Ports([replace(TOKYO, ports={"mqtt": port})]).of(TOKYO, MQTT.port) == port

"""Brokers of engine version 5.19, whatever they are made of here: protocols cross them, and scenarios pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.scenarios import of_engine, run
from lab import labs
from lab.activemq.releases import NEWEST, RELEASES
from lab.history import read

pytestmark = pytest.mark.docker
# Durable subscribers over a restart, a pair, and 5.18 beside 5.19; `python -m bench.scenarios --engine 5.19` runs all.
SCENARIOS = ("durable-reboot", "failover", "migration")
TOPOLOGY = """
topology: of-5-19
regions:
  tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
brokers:
  tokyo:
    region: tokyo
    engine-version: 5.19
    users:
      clerk: {password: "Engine of nineteen 1"}
"""


def test_every_protocol_crosses_a_broker_of_5_19(engine: object, tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    environment = {**os.environ, "MQLAB_STATE": str(tmp_path / "state")}
    with labs.up(tmp_path / "topology.yaml", runs=tmp_path / "home", environment=environment) as lab:
        senders = ("mqtt", "stomp", "mqtt-wss", "stomp-wss")
        clients = {over: lab.connect("tokyo", over=over, name=over) for over in (*senders, "amqp")}
        for each in clients.values():
            each.subscribe(topic="prices")
        for over in senders:
            clients[over].publish(f"by {over}", topic="prices")
        for each in clients.values():
            assert {each.receive(within=30).body for _ in senders} == {f"by {over}".encode() for over in senders}
        clients["amqp"].publish("by amqp", topic="prices")  # which other protocols show in its frame
        assert clients["amqp"].receive(within=30).body == b"by amqp"
        header = read(Path(lab.lab.note.folder) / "history.jsonl").header
    (ran,) = header.activemq.values()
    assert ran in (RELEASES["5.19"], NEWEST["5.19"])
    assert header.mixed.keys() == ({ran} if ran == RELEASES["5.19"] else set())


@pytest.mark.release
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_passes_at_5_19(name: str, engine: object, tmp_path: Path) -> None:
    ran = run(name, 1, ["--runs", str(tmp_path), *of_engine(name, "5.19")])
    assert ran.passed, ran
    assert any(release.startswith("5.19.") for release in ran.releases), ran.releases

"""A client cannot begin an entry in a broker's log, of whatever release: a name of several lines stays in one entry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import clients, labs
from lab.activemq.log_lines import NAMED, read
from lab.errors import BrokerError
from lab.living.lab import Live
from lab.runtime.messages import ORDINARY
from tests.command import Commands
from tests.integration.labs import Ear, Engine, eventually

pytestmark = pytest.mark.docker
EVERY_RELEASE = Path(__file__).parent / "scenarios" / "every-release.yaml"
FORGED = "2026-11-26T08:00:00.000Z INFO  [main] BrokerService | Apache ActiveMQ 5.18.3 (new, ID:new-1) is shutdown"


@pytest.fixture(scope="module")
def live(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("every-release")
    environment = {**os.environ, "MQLAB_STATE": str(folder / "state")}
    with labs.up(EVERY_RELEASE, runs=folder / "home", environment=environment) as lab:
        yield lab


@pytest.mark.parametrize("broker", ["old", "middle", "new"])
def test_what_a_client_says_begins_no_entry(live: Live, broker: str) -> None:
    stranger = replace(live.endpoint(broker, "mqtt"), user=f"nobody\n{FORGED}\r{FORGED}\u2028{FORGED}\n")
    with pytest.raises(BrokerError, match="user or password"):
        clients.connect("mqtt", stranger, Ear(), ORDINARY)
    assert eventually(lambda: any("TransportConnection |" in line for line in live.logs(broker)), 30)
    entries = [said for line in live.logs(broker) if (said := read(line)) is not None]
    assert any(NAMED["broker-started"].search(said.text) for said in entries)
    assert [said.text for said in entries if NAMED["broker-stopped"].search(said.text)] == []
    mqlab = Commands(folder=Path(live.lab.note.folder).parents[2])
    shown, told = mqlab("logs", broker), mqlab("logs", broker, "--json")
    assert (shown.code, told.code) == (0, 0)
    assert (shown.out + told.out).replace("\n", "").isprintable()
    assert not [line for line in shown.out.splitlines() if line.startswith(FORGED)]

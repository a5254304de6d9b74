"""Clients of other libraries at a broker of each release: entries of its log, and verdicts by its observer's events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import clients, delivered, labs
from lab.activemq.log_lines import NAMED, read
from lab.errors import BrokerError
from lab.judge import Outcome
from lab.living.lab import Live
from lab.runtime.messages import ORDINARY
from tests.command import Commands
from tests.integration.foreign.process import Process
from tests.integration.labs import Ear, Engine, eventually

pytestmark = [pytest.mark.docker, pytest.mark.release]
EVERY_RELEASE = Path(__file__).parent / "scenarios" / "every-release.yaml"
APPLICATIONS = Path(__file__).parent / "foreign" / "applications.py"
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


def test_verdicts_on_an_application_at_the_oldest_release_agree_with_its_own_lines(live: Live) -> None:
    at = live.endpoint("old", "stomp")
    command = [sys.executable, str(APPLICATIONS), "stomp", "localhost", str(at.port), str(at.ca_file)]
    login = {"APPLICATION_USER": at.user, "APPLICATION_PASSWORD": at.password.get_secret_value()}

    def soon(outcome: Outcome, mark: str, when: str = "acknowledged") -> bool:
        billing = delivered(to="billing", queue="orders", within="1s", quiet="1s")
        office = {"client-id": "billing", "broker": "old", "delivered-when": when}

        def judged() -> Outcome:
            return live.judge([billing], since=mark, clients={"billing": office}).verdicts[0].outcome

        return eventually(lambda: judged() is outcome, 20)

    taking = Process(command, login)
    taking.do("receive", "billing", "client-individual", "queue:orders")
    taking.until("receiving billing")
    live.mark("an office that acknowledges")
    taking.do("send", "shop", "queue:orders", "1")
    taking.until("done billing 1")
    assert soon(Outcome.PASSED, "an office that acknowledges")
    taking.kill()

    keeping = Process(command, login)
    keeping.do("receive", "billing", "client-individual", "queue:orders", "keep=yes")
    keeping.until("receiving billing")
    live.mark("an office that does not")
    keeping.do("send", "shop", "queue:orders", "2")
    keeping.until("got billing 2")
    assert soon(Outcome.PASSED, "an office that does not", "dispatched")
    assert soon(Outcome.UNKNOWN, "an office that does not")
    keeping.kill()

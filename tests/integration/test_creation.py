"""A broker that a step makes: nothing of it runs before, it is bridged to once it stands, and its deletion is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import BridgeSeen, BrokerChanged, read
from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_run import reasons, report

pytestmark = [pytest.mark.docker, pytest.mark.release]
LATER = Path(__file__).parent / "scenarios" / "later.yaml"


def test_a_broker_is_created_and_deleted(mqlab: Commands, engine: Engine) -> None:
    process = mqlab.start("run", LATER)
    mqlab.wait_said(process, "check-link")
    opened = {
        each.name: each.status for each in engine.client.containers.list(all=True, filters={"name": mqlab.latest.name})
    }
    assert {opened[f"mqlab-{mqlab.latest.name}-singapore-{number}"] for number in (1, 2)} <= {"created", "running"}
    ended = mqlab.end_of(process, 300)
    assert ended.code == 0, (ended, reasons(report(mqlab.latest), "failed"))
    history = read(mqlab.latest / "history.jsonl")
    states = [each for each in history.observations if isinstance(each, BrokerChanged)]
    assert [(each.state, each.instance, each.standby) for each in states] == [
        ("creating", 0, False),
        ("starting", 1, False),
        ("started", 1, False),
        ("starting", 2, True),
        ("started", 2, True),
        ("created", 0, False),
        ("deleted", 0, False),
    ]
    ends = [each for each in history.observations if isinstance(each, BridgeSeen)]
    assert ends, "the bridge came"
    assert all(each.t > states[2].t - 1 for each in ends), "and not before there was anybody to call"
    logs = {path.name for path in (mqlab.latest / "logs").iterdir()}
    assert {"singapore-1.log", "singapore-2.log", "tokyo.log"} <= logs, "a deleted broker's log is kept"
    assert "is starting" in (mqlab.latest / "logs" / "singapore-1.log").read_text()
    assert left_of(engine.client, mqlab.latest.name) == []

"""What befalls brokers, in shipped scenarios; their failing variants are run in models."""

from __future__ import annotations

import pytest

from lab.history import BrokerChanged, LogLine, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, reasons, report

pytestmark = pytest.mark.docker


def test_a_broker_killed_in_mid_traffic_loses_nothing(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "broker-killed", "--json")
    assert ended.code == 0, ended
    (delivery,) = ended.json["deliveries"]
    assert delivery["expected"] == delivery["received"] >= 45, "25 before, and 20 after"
    assert (delivery["lost"], delivery["duplicated"]) == (0, 0)
    history = read(mqlab.latest / "history.jsonl")
    states = [each for each in history.observations if isinstance(each, BrokerChanged)]
    assert [each.state for each in states] == ["killed", "starting", "started"]
    before = [each for each in history.observations if each.kind == "received" and each.t < states[0].t]
    lines = [each for each in history.observations if isinstance(each, LogLine)]
    assert [line for line in lines if line.broker == "tokyo" and line.t < 0], "the log is read from its beginning"
    assert delivery["received"] - len(before) > 20 + 10, "more than a window of them waited in Tokyo when it was killed"
    cleaned_up(mqlab, engine)


@pytest.mark.release
def test_a_wrong_password_keeps_the_bridge_down_and_is_in_the_log(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "wrong-password")
    assert ended.code == 0, ended
    assert "NOT UP: a broker refused the connector's user or password (log of singapore)" in ended.err
    assert "User name [testuser] or password is invalid" in reasons(report(mqlab.latest), "passed")
    cleaned_up(mqlab, engine)

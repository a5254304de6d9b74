"""What befalls brokers, in shipped scenarios that hold and in the same ones with their cause removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.history import BrokerChanged, LogLine, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, copy_of, reasons, report

pytestmark = pytest.mark.docker


def test_a_silent_partition_is_noticed_and_mended(mqlab: Commands, engine: Engine) -> None:
    """Takes two minutes, nearly all of them waiting: it comes first, so that others run beside it."""
    ended = mqlab("run", "silent-partition", seconds=600)
    assert ended.code == 0, ended
    (delivery,) = report(mqlab.latest)["deliveries"]
    assert [delivery[key] for key in ("expected", "received", "lost", "duplicated")] == [40, 40, 0, 0]
    lines = [each for each in read(mqlab.latest / "history.jsonl").observations if isinstance(each, LogLine)]
    assert [line for line in lines if line.name == "inactive" and line.t > 30], "at least one end says why"
    assert [line for line in lines if line.broker == "tokyo" and line.t < 0], "the log is read from its beginning"
    cleaned_up(mqlab, engine)


def test_a_short_partition_is_not_noticed(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    def shorter(text: str) -> str:
        return text.replace("100s", "10s").replace("- heal:", "- wait: 1s\n  - heal:")

    ended = mqlab("run", copy_of("silent-partition", tmp_path, shorter))
    assert ended.code == 1, ended
    found = report(mqlab.latest)
    assert found["outcome"] == "broken"
    assert "up at both ends when the time was over, 10.0 s after cut" in reasons(found, "broken")
    assert "no such line in the log of tokyo after cut" in reasons(found, "broken")
    assert {verdict["outcome"] for verdict in found["verdicts"] if "delivered" in verdict["expectation"]} == {"held"}
    cleaned_up(mqlab, engine)


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
    assert delivery["received"] - len(before) > 20 + 10, "more than a window of them waited in Tokyo when it was killed"
    cleaned_up(mqlab, engine)


def test_a_broker_that_is_killed_for_good_is_named(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    def for_good(text: str) -> str:
        lines = [line for line in text.splitlines() if "- start:" not in line and "after: start" not in line]
        return "\n".join(lines).replace("within: 2m", "within: 10s")

    ended = mqlab("run", copy_of("broker-killed", tmp_path, for_good))
    assert ended.code == 1, ended
    found = report(mqlab.latest)
    assert "tokyo was killed (never started again)" in reasons(found, "broken")
    assert "lost on the way to warehouse" in reasons(found, "broken")
    cleaned_up(mqlab, engine)


def test_a_wrong_password_keeps_the_bridge_down_and_is_in_the_log(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "wrong-password")
    assert ended.code == 0, ended
    assert "NOT UP: a broker refused the connector's user or password (log of singapore)" in ended.err
    assert "User name [testuser] or password is invalid" in reasons(report(mqlab.latest), "held")
    cleaned_up(mqlab, engine)


def test_the_right_password_brings_the_bridge_up(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    change: Callable[[str], str] = lambda text: text.replace("MQ-lab-2026", "MQ-lab-2019")  # noqa: E731
    ended = mqlab("run", copy_of("wrong-password", tmp_path, change, "topologies/wrong-password.yaml"))
    assert ended.code == 1, ended
    found = report(mqlab.latest)
    broken = reasons(found, "broken")
    assert "up at both ends" in broken
    assert "no such line in the log of singapore" in broken
    assert "warehouse received 10 messages" in broken
    cleaned_up(mqlab, engine)

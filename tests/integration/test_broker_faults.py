"""What befalls brokers, in shipped scenarios that hold and in their broken twins."""

from __future__ import annotations

import pytest

from lab.history import BrokerChanged, LogLine, read
from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, reasons, report
from tests.twins import broken_for_its_reason

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


def test_a_short_partition_is_not_noticed(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "silent-partition-broken")
    assert ended.code == 1, ended
    found = report(mqlab.latest)
    broken_for_its_reason("silent-partition", found)
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


def test_a_broker_that_is_killed_loses_what_was_in_no_store(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "broker-killed-broken")
    assert ended.code == 1, ended
    broken_for_its_reason("broker-killed", report(mqlab.latest))
    cleaned_up(mqlab, engine)


def test_a_wrong_password_keeps_the_bridge_down_and_is_in_the_log(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "wrong-password")
    assert ended.code == 0, ended
    assert "NOT UP: a broker refused the connector's user or password (log of singapore)" in ended.err
    assert "User name [testuser] or password is invalid" in reasons(report(mqlab.latest), "held")
    cleaned_up(mqlab, engine)


def test_the_right_password_brings_the_bridge_up(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "wrong-password-broken")
    assert ended.code == 1, ended
    broken_for_its_reason("wrong-password", report(mqlab.latest))
    cleaned_up(mqlab, engine)

"""`mqlab run` of the scenarios that believe the brokers' counters: each holds, and its twin is broken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_run import reasons, report
from tests.twins import broken_for_its_reason

pytestmark = pytest.mark.docker


def both(mqlab: Commands, engine: Engine, name: str) -> tuple[str, str]:
    """Run a scenario and its broken twin at once, see how they end, and return the reasons: held, and broken."""
    whole, broken = together(mqlab, engine, name, f"{name}-broken")
    broken_for_its_reason(name, broken)
    return reasons(whole, "held"), reasons(broken, "broken")


def together(mqlab: Commands, engine: Engine, name: str, spoilt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a scenario that is held and one that is broken at once, and return their reports."""
    other = Commands(folder=mqlab.folder / "spoilt")
    started = [(mqlab, mqlab.start("run", name)), (other, other.start("run", spoilt))]
    ended = [commands.end_of(process) for commands, process in started]
    assert [each.code for each in ended] == [0, 1], ended
    whole, broken = report(mqlab.latest), report(other.latest)
    assert whole["outcome"] == "held"
    assert not [note for note in whole["notes"] if "disagree" in note], whole["notes"]
    assert left_of(engine.client, mqlab.latest.name) == []
    return whole, broken


def test_a_slow_bridge_discards_what_its_publisher_has_a_receipt_for(mqlab: Commands, engine: Engine) -> None:
    """What the clients miss is what the broker says that it discarded; with a window that takes all nothing is."""
    held, _ = both(mqlab, engine, "slow-bridge")
    (delivery,) = report(mqlab.latest)["deliveries"]
    assert (delivery["expected"], delivery["duplicated"], delivery["reordered"]) == (2500, 0, 0)
    assert delivery["lost"] > 0
    assert f"tokyo discarded {delivery['lost']} messages of topic://prices for a slow bridge" in held
    assert f"lost at other brokers: {delivery['lost']} (first 3-" in held
    assert f"tokyo gave {delivery['received']} and singapore took {delivery['received']}" in held


def test_a_bridge_sends_no_more_than_its_window_before_an_answer(mqlab: Commands, engine: Engine) -> None:
    held, _ = both(mqlab, engine, "small-window")
    assert "queue://orders on tokyo, between before and end: enqueued 200, dequeued 200, forwarded 200" in held
    assert "dispatched 10, forwarded 0" in held


def test_stuck_messages_come_back_where_the_policy_lets_them(mqlab: Commands, engine: Engine) -> None:
    held, broken = both(mqlab, engine, "stuck-messages")
    assert "100 messages of queue://orders left on singapore without a consumer" in held
    assert "accepted and received by nobody: 100 (first 3-1" in broken

"""`mqlab run` of the scenarios that believe the brokers' counters: each holds, and is broken without its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_run import copy_of, reasons, report

pytestmark = pytest.mark.docker


def both(mqlab: Commands, engine: Engine, held: str, spoilt: Path) -> tuple[str, str]:
    """Run a scenario and its spoilt copy at once, see how they end, and give the reasons: held, and broken."""
    other = Commands(folder=mqlab.folder / "spoilt")
    started = [(mqlab, mqlab.start("run", held)), (other, other.start("run", spoilt))]
    ended = [commands.end_of(process) for commands, process in started]
    assert [each.code for each in ended] == [0, 1], ended
    whole, broken = report(mqlab.latest), report(other.latest)
    assert (whole["outcome"], broken["outcome"]) == ("held", "broken")
    assert not [note for note in whole["notes"] if "disagree" in note], whole["notes"]
    assert left_of(engine.client, mqlab.latest.name) == []
    return reasons(whole, "held"), reasons(broken, "broken")


def test_a_slow_bridge_discards_what_its_publisher_has_a_receipt_for(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    """What the clients miss is what the broker says that it discarded; with a higher limit nothing is."""
    spoilt = copy_of(
        "slow-bridge",
        tmp_path,
        lambda text: text.replace('limit="1000"', 'limit="100000"'),
        "configurations/tokyo-small-window.xml",
    )
    held, broken = both(mqlab, engine, "slow-bridge", spoilt)
    (delivery,) = report(mqlab.latest)["deliveries"]
    assert (delivery["expected"], delivery["duplicated"], delivery["reordered"]) == (2500, 0, 0)
    assert delivery["lost"] > 0
    assert f"tokyo discarded {delivery['lost']} messages of topic://prices for a slow bridge" in held
    assert f"lost at other brokers: {delivery['lost']} (first 3-" in held
    assert f"tokyo gave {delivery['received']} and singapore took {delivery['received']}" in held
    assert "tokyo discarded 0 messages of topic://prices for a slow bridge, asked were at least 1" in broken


def test_a_bridge_sends_no_more_than_its_window_before_an_answer(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    spoilt = copy_of(
        "small-window",
        tmp_path,
        lambda text: text.replace(' prefetchSize="10"', ""),
        "configurations/tokyo-small-window.xml",
    )
    held, broken = both(mqlab, engine, "small-window", spoilt)
    assert "queue://orders on tokyo, between before and end: enqueued 200, dequeued 200, forwarded 200" in held
    assert "dispatched 10, forwarded 0" in held
    assert "between before and unanswered: dispatched " in broken and ", asked were 10" in broken


def test_stuck_messages_come_back_where_the_policy_lets_them(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    spoilt = copy_of(
        "stuck-messages",
        tmp_path,
        lambda text: text.replace('replayWhenNoConsumers="true"', 'replayWhenNoConsumers="false"'),
        "configurations/singapore-replaying.xml",
    )
    spoilt.write_text(spoilt.read_text().replace("within: 90s", "within: 20s"))  # it is in vain: nothing comes
    held, broken = both(mqlab, engine, "stuck-messages", spoilt)
    assert "100 messages of queue://orders left on singapore without a consumer" in held
    assert "100 messages of queue://orders left on singapore without a consumer, asked were 0" in broken
    assert "accepted and received by nobody: 100 (first 3-1" in broken
    assert "100 of 100 lost on the way to" in broken

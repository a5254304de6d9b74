"""`mqlab run` of a scenario that depends on a real broker's counters; the others run in models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, reasons, report

pytestmark = [pytest.mark.docker, pytest.mark.release]


def test_a_slow_bridge_discards_what_its_publisher_has_a_receipt_for(mqlab: Commands, engine: Engine) -> None:
    """What the clients miss is what the broker says that it discarded."""
    ended = mqlab("run", "slow-bridge")
    assert ended.code == 0, ended
    found = report(mqlab.latest)
    assert not [note for note in found["notes"] if "disagree" in note], found["notes"]
    (delivery,) = found["deliveries"]
    assert (delivery["expected"], delivery["duplicated"], delivery["reordered"]) == (2500, 0, 0)
    assert delivery["discarded"] > 0
    held = reasons(found, "passed")
    assert f"tokyo discarded {delivery['discarded']} messages of topic://prices for a slow bridge" in held
    assert f"not received at other brokers: {delivery['discarded']} (first 3-" in held
    assert f"tokyo gave {delivery['received']} and singapore took {delivery['received']}" in held
    cleaned_up(mqlab, engine)


def test_a_bridge_counts_what_was_answered_and_client_and_broker_counts_agree(mqlab: Commands, engine: Engine) -> None:
    """The other broker took what its answers, lost in a reset, do not tell."""
    ended = mqlab("run", Path(__file__).parent / "scenarios" / "answers-lost.yaml")
    assert ended.code == 0, ended
    found = report(mqlab.latest)
    assert not [note for note in found["notes"] if "disagree" in note], found["notes"]
    assert [each["agree"] for each in found["cross_checks"]] == [True, True]
    assert "rose by 0, and the other broker took 4: a ForwardCount rises when an answer" in reasons(found, "passed")
    cleaned_up(mqlab, engine)


def test_a_bridges_answers_are_waited_for_before_anybody_says_what_is_left(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", Path(__file__).parent / "scenarios" / "answers-slow.yaml")
    assert ended.code == 0, ended
    assert not [note for note in report(mqlab.latest)["notes"] if "disagree" in note]
    cleaned_up(mqlab, engine)

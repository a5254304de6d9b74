"""Verdicts on applications after lost events, or with a broker's new process: an earlier consumer proves nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lab.declare.expectations import expectations_of
from lab.history import BrokerChanged, ConsumerSeen, Ended, Marked, Observation, ObserverChanged, lines
from lab.judge import Verdict, judge_file
from tests.sealed import write

from .test_applications import BEGAN, FAILED, OBSERVED, PASSED, UNKNOWN, event, left, sent, subscribed, taken

THERE = BEGAN.with_fields(broker="singapore")
LOST = ObserverChanged(t=9, broker="singapore", state="lost", since=8.0, lost_events=3, why="its buffer was full")
DIED = ObserverChanged(t=9, broker="singapore", state="lost", since=8.0, why="its process ended")
MARK, AGAIN = Marked(t=10, text="now"), Marked(t=20, text="now")
ANEW = THERE.with_fields(t=12)
Seen = Observation | Iterable[Observation]


def verdict(tmp_path: Path, *seen: Seen, kind: str = "queue", promise: str = "exactly-once", **more: Any) -> Verdict:
    """Judge a history from its mark on; it ends at 40 s."""
    flat = [line for each in (BEGAN, THERE, *seen) for line in ([each] if isinstance(each, Observation) else each)]
    if kind == "topic":
        named = [hasattr(each, "destination") for each in flat]
        flat = [
            each.with_fields(destination="topic://orders") if has else each
            for each, has in zip(flat, named, strict=True)
        ]
    text = "".join(lines(OBSERVED, [*flat, Ended(t=40.0, complete=True)]))
    path = write(tmp_path / "history.jsonl", text)
    asked = {"delivered": {"to": "billing", kind: "orders", "promise": promise, "within": "5s", **more}}
    (found,) = judge_file(path, expectations_of({"expect": [asked]}), since="now").verdicts
    return found


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_client_from_before_lost_events_may_be_gone(tmp_path: Path, kind: str) -> None:
    its = verdict(tmp_path, subscribed(1), LOST, MARK, sent(12), kind=kind)
    assert its.outcome is UNKNOWN, its.reason
    assert its.reason.startswith(
        "the observer of singapore lost events, and from 9.000 s on it is unknown whether billing was subscribed to "
        f"{kind}://orders: let billing connect again, and judge from a later mark"
    ), its.reason


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_client_from_before_lost_events_is_known_again_by_its_next_message(tmp_path: Path, kind: str) -> None:
    lines = [subscribed(1), LOST, MARK, sent(12), *taken(12.1)]
    its = verdict(tmp_path, lines, kind=kind)
    assert its.outcome is PASSED, its.reason
    its = verdict(tmp_path, lines, sent(13, 2), kind=kind)
    assert its.outcome is FAILED and "first ID:2" in its.reason, its.reason


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_client_that_connects_again_after_lost_events_is_judged_from_a_later_mark(tmp_path: Path, kind: str) -> None:
    back = subscribed(15, "c2", connection="another")
    before = verdict(tmp_path, subscribed(1), LOST, MARK, sent(12), back, sent(22, 2), taken(22.1, 2, "c2"), kind=kind)
    assert before.outcome is UNKNOWN, before.reason
    assert "from 9.000 s to 15.000 s it is unknown whether billing was subscribed" in before.reason
    lines = [subscribed(1), LOST, back, AGAIN]
    assert verdict(tmp_path, lines, sent(22, 2), taken(22.1, 2, "c2"), kind=kind).outcome is PASSED
    assert verdict(tmp_path, lines, sent(22, 2), kind=kind).outcome is FAILED


def test_messages_that_came_to_a_queue_came_whoever_else_may_have_listened(tmp_path: Path) -> None:
    back = subscribed(15, "c2", connection="another")
    its = verdict(tmp_path, subscribed(1), LOST, MARK, back, sent(16), taken(16.1, 1, "c2"))
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize("promise", ["exactly-once", "nothing"])
def test_a_consumer_that_began_among_lost_events_may_be_any_client(tmp_path: Path, promise: str) -> None:
    its = verdict(tmp_path, subscribed(1), LOST, MARK, sent(12), taken(12.1, 1, "c2"), promise=promise)
    assert its.outcome is UNKNOWN, its.reason
    assert its.reason.startswith(
        "the observer of singapore lost events, and no event shows which client the consumer c2 is of, which got "
        "messages from 12.100 s on: let the clients of singapore connect again, and judge from a later mark"
    ), its.reason
    later = verdict(
        tmp_path, subscribed(1), LOST, sent(12), taken(12.1, 1, "c2"), left(13, "c2"), subscribed(14, "c3"), AGAIN,
        sent(22, 2), taken(22.1, 2, "c3"),
    )  # fmt: skip
    assert later.outcome is PASSED, later.reason


def test_a_bridge_and_a_browser_from_before_lost_events_are_no_strangers(tmp_path: Path) -> None:
    browser = subscribed(1, "c8", "console").with_fields(browser=True)
    bridge = subscribed(1, "c9", "wan").with_fields(network=True)
    others = [event(12.1, "dispatched", consumer="c8"), event(12.2, "dispatched", consumer="c9", network=True)]
    its = verdict(tmp_path, subscribed(1), browser, bridge, LOST, MARK, sent(12), others, taken(12.3))
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_process_that_died_by_itself_has_no_consumers(tmp_path: Path, kind: str) -> None:
    gone = [subscribed(1), DIED, ANEW, AGAIN]
    its = verdict(tmp_path, gone, sent(22), kind=kind)
    assert its.outcome is UNKNOWN and "billing never subscribed" in its.reason, its.reason
    back = [subscribed(1), DIED, ANEW, subscribed(11.9, "c2"), AGAIN]  # earlier than its observer was first read
    its = verdict(tmp_path, back, sent(22), taken(22.1, 1, "c2"), kind=kind)
    assert its.outcome is PASSED, its.reason
    its = verdict(tmp_path, back, sent(22), kind=kind)
    assert its.outcome is FAILED, its.reason


def test_while_a_process_that_died_was_away_its_clients_are_in_doubt(tmp_path: Path) -> None:
    its = verdict(tmp_path, subscribed(1), DIED, MARK, sent(11), ANEW, subscribed(13, "c2"), kind="topic")
    assert its.outcome is UNKNOWN, its.reason
    assert "from 9.000 s to 12.000 s it is unknown whether billing was subscribed" in its.reason


def test_a_new_process_that_no_line_announces_may_have_lost_events(tmp_path: Path) -> None:
    early = Marked(t=2, text="now")
    lines = [subscribed(1), early, sent(3), *taken(3.1)]
    its = verdict(tmp_path, lines, ANEW)
    assert its.outcome is UNKNOWN, its.reason
    assert "its process began anew, and no event shows that the earlier process ended in order" in its.reason
    ended = THERE.with_fields(t=8, state="ended", why="its process ended in order")
    assert verdict(tmp_path, lines, ended, ANEW).outcome is PASSED
    stopped = BrokerChanged(t=8, broker="singapore", state="stopped")
    assert verdict(tmp_path, lines, stopped, ANEW).outcome is PASSED


def test_a_durable_subscription_may_have_been_removed_among_lost_events(tmp_path: Path) -> None:
    durable = subscribed(1, durable="d")
    back = subscribed(15, "c2", durable="d")
    away = [durable, left(5), LOST, MARK, sent(12), back]
    its = verdict(tmp_path, away, kind="topic")
    assert its.outcome is UNKNOWN and "from 9.000 s to 15.000 s" in its.reason, its.reason
    removed = ConsumerSeen(t=8, broker="singapore", consumer="", state="forgotten", client_id="billing-1", durable="d")
    its = verdict(
        tmp_path, [durable, left(5), removed, LOST, back, AGAIN], sent(22), taken(22.1, 1, "c2"), kind="topic"
    )
    assert its.outcome is PASSED, its.reason
    died = [durable, DIED, ANEW, MARK, sent(12), back]
    its = verdict(tmp_path, died, kind="topic")
    assert its.outcome is UNKNOWN and "from 9.000 s to 15.000 s" in its.reason, its.reason


def test_only_expectations_about_the_doubtful_client_are_unknown(tmp_path: Path) -> None:
    screen = subscribed(1, "c5", "screen").with_fields(broker="tokyo")
    got = [each.with_fields(broker="tokyo") for each in taken(12.1, consumer="c5")]
    its = verdict(tmp_path, subscribed(1), screen, LOST, MARK, sent(12), got, to="screen", kind="topic")
    assert its.outcome is PASSED, its.reason

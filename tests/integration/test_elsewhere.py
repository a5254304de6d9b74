"""What brokers put into other destinations by themselves, and what there is at one moment, on real brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import Browsed, Received, read
from tests.command import Commands
from tests.integration.test_run import report

pytestmark = [pytest.mark.docker, pytest.mark.release]
ELSEWHERE = Path(__file__).parent / "scenarios" / "elsewhere.yaml"


def test_virtual_topics_parts_of_names_and_dead_letters(mqlab: Commands) -> None:
    ended = mqlab("run", ELSEWHERE)
    assert ended.code == 0, ended
    assert not [note for note in report(mqlab.latest)["notes"] if "disagree" in note]


def test_a_browser_sees_what_is_there_and_takes_nothing(mqlab: Commands) -> None:
    """Over STOMP, also in a WebSocket, and over AMQP; a deep queue is seen in part, which the history tells."""
    ended = mqlab("run", ELSEWHERE.with_name("browsed.yaml"))
    assert ended.code == 0, ended
    history = read(mqlab.latest / "history.jsonl")
    seen = {each.client: each for each in history.observations if isinstance(each, Browsed)}
    assert seen["by-stomp"].ids == seen["by-amqp"].ids == (*(f"1-{n}" for n in range(1, 6)), "2-1", "2-2", "2-3")
    assert all((len(seen[each].ids), seen[each].waiting) == (400, 600) for each in ("deep-stomp", "deep-amqp"))


def test_overlaps_replaced_bodies_and_retained_messages_come_to_those_who_are_expected_to_receive_them(
    mqlab: Commands,
) -> None:
    ended = mqlab("run", ELSEWHERE.with_name("expected.yaml"))
    assert ended.code == 0, ended
    history = read(mqlab.latest / "history.jsonl")
    heard = [each.destination for each in history.observations if isinstance(each, Received) and each.client == "both"]
    assert len(heard) == 20, "the broker gives a message to each subscription of the client"


def test_requests_are_answered_over_each_protocol_and_over_the_bridge(mqlab: Commands) -> None:
    """The temporary queues are their connections': none is left, and they count as nobody's queue."""
    ended = mqlab("run", ELSEWHERE.with_name("requests.yaml"))
    assert ended.code == 0, ended
    assert not [note for note in report(mqlab.latest)["notes"] if "disagree" in note]

"""A message to a composite destination is counted for its parts: client and broker counts do not disagree for that."""

from __future__ import annotations

from lab.activemq.destinations import parts_of
from lab.declare.expectations.forwarding import Stuck
from lab.history import Acknowledged, Counted, DestinationSeen, Ended, Observation, Publishing, Sent, SnapshotTaken
from lab.judge import Streamed, judge
from lab.judge.values import Report

from .test_truth import HEADER

PARTS = "queue://a,b"


def report(*destinations: str) -> Report:
    """Return the report on a run in which one message was sent to each destination, and nobody took any."""
    seen: list[Observation] = []
    for step, destination in enumerate(destinations, 1):
        seen += [
            Publishing(
                t=step, step=step, client=f"p{step}", broker="tokyo", over="stomp", destination=destination, count=1,
                persistent=True, body="generated",
            ),
            Sent(t=step, id=f"{step}-1"),
            Acknowledged(t=step + 0.01, id=f"{step}-1"),
        ]  # fmt: skip
    for queue in ("queue://a", "queue://b"):
        number = sum(queue in parts_of(each) for each in destinations)
        for broker, here in (("tokyo", number), ("singapore", 0)):
            its = DestinationSeen(
                t=50, broker=broker, destination=queue, enqueued=here, dequeued=0, forwarded=0, queued=here, consumers=0
            )
            seen.append(its)
        counters = {"enqueued": number, "queued": number, "consumers": 0, "network-consumers": 0}
        seen.append(Counted(t=51, snapshot="end", broker="tokyo", of="destination", name=queue, counters=counters))
    seen += [SnapshotTaken(t=51, snapshot="end", broker="tokyo"), Ended(t=60, complete=True)]
    return judge((Stuck.model_validate({"broker": "tokyo", "queue": "a", "count": "1"}),), Streamed(HEADER, seen))


def test_what_a_part_is_left_with_was_sent_to_the_whole() -> None:
    (its,) = report(PARTS).verdicts
    assert "accepted and received by no client: 1 (first 1-1" in its.reason and "disagree" not in its.reason


def test_a_part_that_is_sent_to_by_itself_too_has_no_counters_of_that_alone() -> None:
    assert not any("the clients know of" in note for note in report("queue://a", PARTS).notes)
    assert not report("queue://a", PARTS).cross_checks

"""What became a dead letter went to nobody else, whatever queue its broker's configuration has for it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.forwarding import Forwarded, Stuck
from lab.declare.expectations.messages import Delivered
from lab.history import (
    Acknowledged,
    Counted,
    DestinationSeen,
    Ended,
    Observation,
    Publishing,
    Received,
    Sent,
    SnapshotTaken,
)
from lab.judge import Streamed, judge
from lab.judge.values import Outcome

from .test_not_better_than_known import HEADER, subscribed, verdict

STRATEGY = """<broker xmlns="http://activemq.apache.org/schema/core"><destinationPolicy><policyMap><policyEntries>
<policyEntry queue=">"><deadLetterStrategy>{}</deadLetterStrategy></policyEntry>
</policyEntries></policyMap></destinationPolicy></broker>"""
SHARED = "<sharedDeadLetterStrategy>{}</sharedDeadLetterStrategy>"
PERHAPS = "unless they are among the 2 dead letters on tokyo"


def published(step: int, queue: str, count: int) -> list[Observation]:
    to = {"client": "p", "broker": "tokyo", "over": "stomp", "destination": f"queue://{queue}"}
    seen: list[Observation] = [Publishing(t=1, step=step, count=count, persistent=True, body="generated", **to)]
    for number in range(1, count + 1):
        seen += [Sent(t=1, id=f"{step}-{number}"), Acknowledged(t=1.1, id=f"{step}-{number}")]
    return seen


def counted(queue: str, enqueued: int, dequeued: int = 0, expired: int = 0) -> DestinationSeen:
    return DestinationSeen(
        t=59, broker="tokyo", destination=f"queue://{queue}", enqueued=enqueued, dequeued=dequeued, forwarded=0,
        queued=enqueued - dequeued, consumers=1, expired=expired,
    )  # fmt: skip


def strangers(strategy: str, *seen: Observation) -> str:
    """Return what a report notes on messages of x that went to no client of the lab."""
    tokyo = {"region": "tokyo", "configuration": {"text": STRATEGY.format(strategy)}}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": {"tokyo": tokyo}}})
    whole = [subscribed(0, "ear", "queue://x", "stomp"), *published(2, "x", 3), *seen, Ended(t=60, complete=True)]
    notes = judge((), Streamed(header, whole)).notes
    return " ".join(note for note in notes if note.startswith("Of queue://x"))


@pytest.mark.parametrize(
    ("strategy", "dead", "told"),
    [
        ("<individualDeadLetterStrategy/>", "ActiveMQ.DLQ.Queue.x", ""),
        ('<individualDeadLetterStrategy queuePrefix="DLQ."/>', "DLQ.x", ""),
        ('<individualDeadLetterStrategy queueSuffix=".DLQ"/>', "ActiveMQ.DLQ.Queue.x.DLQ", ""),
        ('<individualDeadLetterStrategy queuePrefix="" queueSuffix=".DLQ"/>', "x.DLQ", ""),
        ('<individualDeadLetterStrategy queuePrefix="DLQ."/>', "DLQ.y", "2 went to no client of the lab"),
        (SHARED.format(""), "ActiveMQ.DLQ", PERHAPS),
        (SHARED.format('<deadLetterQueue><queue physicalName="DEAD"/></deadLetterQueue>'), "DEAD", PERHAPS),
    ],
)
def test_a_dead_letter_is_in_the_queue_that_the_configuration_names(strategy: str, dead: str, told: str) -> None:
    """Steps send to two queues: what died of one is in a queue of its own, or in one that both share."""
    came = Received(t=2, client="ear", destination="queue://x", id="2-1")
    notes = strangers(strategy, *published(3, "y", 1), came, counted("x", 3, 3), counted("y", 1), counted(dead, 2))
    assert told in notes and bool(told) is bool(notes), notes


def test_what_expired_is_counted_once() -> None:
    """An expired message is among the dead letters too."""
    dead = counted("ActiveMQ.DLQ.Queue.x", 2)
    notes = strangers("<individualDeadLetterStrategy/>", counted("x", 3, 3, expired=2), dead)
    assert "Of queue://x, 1 went to no client of the lab" in notes, notes


def test_nobody_is_expected_to_receive_a_dead_letter() -> None:
    """Whoever listens for dead letters is none of those to whom everything was to be delivered."""
    expectation = Delivered.model_validate({"promise": "exactly-once"})
    ears = [subscribed(0, "ear", "queue://x", "stomp"), subscribed(0, "watch", "queue://ActiveMQ.DLQ", "stomp")]
    came = Received(t=2, client="ear", destination="queue://x", id="2-1")
    its = verdict(expectation, *ears, *published(2, "x", 1), came)
    assert its.outcome is Outcome.PASSED, its.reason


@pytest.mark.parametrize("expectation", [{"kind": "forwarded", "count": 2}, {"kind": "stuck", "count": 2}], ids=str)
def test_clients_do_not_tell_how_many_dead_letters_they_received(expectation: dict[str, Any]) -> None:
    """They were sent to another queue, so the clients' count of that name is no second witness."""
    queue, its = "ActiveMQ.DLQ", {"broker": "tokyo", "queue": "ActiveMQ.DLQ", "count": expectation["count"]}
    expected = {"forwarded": Forwarded, "stuck": Stuck}[expectation["kind"]].model_validate(its)
    seen: list[Observation] = [subscribed(0, "ear", "queue://x", "stomp")]
    for t, name, number in ((0.5, "start", 0), (58, "end", 2)):
        for broker in ("tokyo", "singapore"):
            counters = dict.fromkeys(("enqueued", "forwarded", "queued"), number) | {"consumers": 0}
            counters |= {"network-consumers": 0, "in-flight": 0}
            of = {"snapshot": name, "broker": broker, "of": "destination", "name": f"queue://{queue}"}
            seen += [Counted(t=t, counters=counters, **of), SnapshotTaken(t=t, snapshot=name, broker=broker)]
    its = verdict(expected, *sorted([*seen, *published(2, "x", 3)], key=lambda each: each.t))
    assert its.outcome is not Outcome.FAILED
    assert "brokers put dead letters into it" in its.reason and "disagree" not in its.reason, its.reason

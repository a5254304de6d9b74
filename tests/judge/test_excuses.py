"""The witnesses need not agree where an expiry, a client that left, or a temporary queue explains the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.forwarded import Forwarded
from lab.history import (
    Acknowledged,
    BridgeSeen,
    Counted,
    DestinationSeen,
    Ended,
    Observation,
    Publishing,
    Received,
    Sent,
    SnapshotTaken,
    Subscribed,
    Unsubscribed,
)
from lab.judge import Report, Streamed, judge

from .test_truth import HEADER

TOPIC = "topic://x"
FORWARDED = Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "10"})


@dataclass(frozen=True, kw_only=True)
class Made:
    """Ten messages go to singapore, and seven reach a client there."""

    expired: int = 0
    selector: str | None = None
    publishing: dict[str, Any] = field(default_factory=dict)
    more: Sequence[Observation] = ()


def report(made: Made) -> Report:
    counters = {"enqueued": 10, "dequeued": 10, "forwarded": 10}
    seen: list[Observation] = []
    for broker in ("tokyo", "singapore"):
        seen += [SnapshotTaken(t=0, snapshot="start", broker=broker)]
    seen.append(
        Subscribed(
            t=0, client="ear", broker="singapore", over="mqtt", destination=TOPIC, step=1, selector=made.selector
        )
    )
    asked: dict[str, Any] = {"client": "p", "broker": "tokyo", "over": "mqtt", "destination": TOPIC, "persistent": True}
    seen.append(Publishing(t=1, step=2, count=10, body="generated", **asked, **made.publishing))
    for number in range(1, 11):
        its = f"2-{number}"
        seen += [Sent(t=1, id=its), Acknowledged(t=1.1, id=its)]
        seen += [Received(t=1.2, client="ear", destination=TOPIC, id=its)] if number <= 7 else []
    seen += made.more
    for broker in ("tokyo", "singapore"):
        its_own = {**counters, "forwarded": 10 if broker == "tokyo" else 0}
        its = {"snapshot": "end", "broker": broker}
        seen += [Counted(t=50, of="destination", name=TOPIC, counters=its_own, **its), SnapshotTaken(t=50, **its)]
        expired = made.expired if broker == "singapore" else 0
        seen.append(
            DestinationSeen(t=51, broker=broker, destination=TOPIC, queued=0, consumers=1, expired=expired, **its_own)
        )
    brokers = {name: {"region": name} for name in ("tokyo", "singapore")}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": brokers}})
    return judge((FORWARDED,), Streamed(header, [*seen, Ended(t=60, complete=True)]))


LEFT = Unsubscribed(t=1.3, client="ear", broker="singapore", destination=TOPIC)


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (Made(more=[LEFT]), "ear left at 1.300 s"),
        (Made(expired=3), "3 expired on singapore"),
    ],
)
def test_the_cause_is_told_in_place_of_a_disagreement(made: Made, cause: str) -> None:
    found = report(made)
    assert found.verdicts[0].reason.endswith(f"{cause}, so the two witnesses need not agree")
    (its,) = (each for each in found.witnesses if each.source == "tokyo")
    assert its.agree and its.excuse == cause
    assert not any("disagree" in note for note in found.notes)
    assert (
        f"Of {TOPIC}, singapore took 10, and its subscribers received 7: {cause}, so the two need not agree."
        in found.notes
    )


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (Made(selector="a = 'b'"), "ear has a selector"),
        (Made(publishing={"expiry_s": 5.0}), "messages of step 2 may have been over"),
    ],
)
def test_what_is_not_compared_is_no_disagreement_of_a_expectation_either(made: Made, cause: str) -> None:
    assert report(made).verdicts[0].reason.endswith(f"{cause}, so the two witnesses need not agree")


@pytest.mark.parametrize(
    "made", [Made(), Made(more=[LEFT.with_fields(t=0.9)]), Made(expired=2), Made(publishing={"expiry_s": 86400.0})]
)
def test_what_explains_too_little_leaves_a_disagreement(made: Made) -> None:
    assert report(made).verdicts[0].reason.endswith("the two witnesses disagree")


@pytest.mark.parametrize(("reply_to", "told"), [("", True), ("temporary", False)])
def test_the_ends_of_a_bridge_may_differ_by_answers_in_temporary_queues(reply_to: str, told: bool) -> None:
    near = BridgeSeen(
        t=52, connector="wan", broker="tokyo", remote="singapore", remote_address="a:1", created_by_duplex=False,
        up=True, enqueued=12, dequeued=12,
    )  # fmt: skip
    far = near.with_fields(broker="singapore", remote="tokyo", created_by_duplex=True, dequeued=0, received=10)
    found = report(Made(publishing={"reply_to": reply_to}, more=[near, far]))
    assert any("The witnesses disagree: bridge wan" in note for note in found.notes) is told

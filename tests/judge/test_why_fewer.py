"""Client and broker counts may differ where an expiry, a client that left, or a temporary queue explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.forwarding import Forwarded
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
    came: float | None = 0  # when the client came, in seconds
    count: int = 10  # messages sent
    again: int = 0  # of them that the client received twice
    selector: str | None = None
    publishing: dict[str, Any] = field(default_factory=dict)
    more: Sequence[Observation] = ()


def report(made: Made) -> Report:
    counters = {"enqueued": 10, "dequeued": 10, "forwarded": 10}
    seen: list[Observation] = []
    for broker in ("tokyo", "singapore"):
        seen += [SnapshotTaken(t=0, snapshot="start", broker=broker)]
    came = Subscribed(t=0, client="ear", broker="singapore", over="mqtt", destination=TOPIC, step=1)
    seen += [came.with_fields(t=made.came, selector=made.selector)] if made.came is not None and not made.came else []
    asked: dict[str, Any] = {"client": "p", "broker": "tokyo", "over": "mqtt", "destination": TOPIC, "persistent": True}
    seen.append(Publishing(t=1, step=2, count=made.count, body="generated", **asked, **made.publishing))
    for number in range(1, made.count + 1):
        # A client that came in between has the last messages.
        early = made.came and number <= 3
        its = f"2-{number}"
        seen += [Sent(t=1 if early or not made.came else 1.1, id=its), Acknowledged(t=1.1, id=its)]
        if early and number == 3 and made.came:
            seen.append(came.with_fields(t=made.came))
        heard = not early if made.came else number <= 7
        if heard and made.came is not None:
            seen += [Received(t=1.2, client="ear", destination=TOPIC, id=its)] * (1 + (number <= made.again))
    seen += made.more
    for broker in ("tokyo", "singapore"):
        here = broker == "tokyo"
        its_own = {**counters, "enqueued": made.count if here else 10, "forwarded": 10 if here else 0}
        seen += [
            Counted(t=50, snapshot="end", broker=broker, of="destination", name=TOPIC, counters=its_own),
            SnapshotTaken(t=50, snapshot="end", broker=broker),
        ]
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
        (Made(more=[LEFT.with_fields(t=0.9)]), "ear left at 0.900 s"),
        (Made(came=1.05), "ear came at 1.050 s"),
        (Made(came=None), "no client of the lab subscribed to it on singapore"),
        (Made(again=3, count=7), "ear received 3 messages once more"),
    ],
)
def test_the_cause_is_told_in_place_of_a_disagreement(made: Made, cause: str) -> None:
    found = report(made)
    assert found.verdicts[0].reason.endswith(f"{cause}, so client and broker counts need not agree")
    (its,) = (each for each in found.cross_checks if each.source == "tokyo")
    assert its.agree and its.why_fewer == cause
    assert not any("disagree" in note for note in found.notes)
    received = 0 if made.came is None else 7
    words = (
        f"Of {TOPIC}, singapore took 10, and its subscribers received {received}: {cause}, so the two need not agree."
    )
    assert words in found.notes


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (Made(selector="a = 'b'"), "ear has a selector"),
        (Made(publishing={"expiry_s": 5.0}), "messages of step 2 may have been over"),
    ],
)
def test_what_is_not_compared_is_no_disagreement_of_a_expectation_either(made: Made, cause: str) -> None:
    assert report(made).verdicts[0].reason.endswith(f"{cause}, so client and broker counts need not agree")


@pytest.mark.parametrize(
    "made", [Made(), Made(more=[LEFT.with_fields(t=6.5)]), Made(expired=2), Made(publishing={"expiry_s": 86400.0})]
)
def test_what_explains_too_little_leaves_a_disagreement(made: Made) -> None:
    assert report(made).verdicts[0].reason.endswith("client and broker counts disagree")


@pytest.mark.parametrize(("reply_to", "told"), [("", True), ("temporary", False)])
def test_the_ends_of_a_bridge_may_differ_by_answers_in_temporary_queues(reply_to: str, told: bool) -> None:
    near = BridgeSeen(
        t=52, connector="wan", broker="tokyo", remote="singapore", remote_address="a:1", created_by_duplex=False,
        up=True, enqueued=12, dequeued=12,
    )  # fmt: skip
    far = near.with_fields(broker="singapore", remote="tokyo", created_by_duplex=True, dequeued=0, received=10)
    found = report(Made(publishing={"reply_to": reply_to}, more=[near, far]))
    assert any("Counts disagree: bridge wan" in note for note in found.notes) is told

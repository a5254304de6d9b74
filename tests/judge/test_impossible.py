"""What no run can have seen is damage with its place: nothing is held, broken or timed by it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.declare.expectations.messages import AnsweredExpectation, Delivered
from lab.history import (
    Acknowledged,
    Answered,
    Approached,
    Attempted,
    Browsed,
    ClientChanged,
    Ended,
    LinkChanged,
    LogLine,
    Observation,
    Publishing,
    Received,
    Replied,
    SendOutcome,
    Sent,
    Settled,
    SightChanged,
    StepEnded,
    StepStarted,
    Subscribed,
    Trouble,
    Unsubscribed,
    Unwatched,
)
from lab.judge import Report, Streamed, judge
from lab.judge.values import Outcome

from .test_truth import HEADER

QUEUE = "queue://x"
EAR: dict[str, Any] = {"client": "ear", "destination": QUEUE}
ASKED: dict[str, Any] = {"client": "p", "broker": "tokyo", "over": "stomp", "destination": QUEUE, "persistent": True}
EXPECTED = (
    Delivered.model_validate({"queue": "x", "promise": "at-least-once"}),
    AnsweredExpectation.model_validate({"queue": "x", "within": "5s"}),
)


def asked(t: float, *, digest: str | None = None) -> list[Observation]:
    """Return the lines 3 to 5: a request, accepted."""
    body = "given" if digest else "generated"
    return [
        Publishing(t=t, step=2, count=1, body=body, reply_to="temporary", **ASKED),
        Sent(t=t, id="2-1", digest=digest),
        Acknowledged(t=t + 0.01, id="2-1"),
    ]


def subscribed(t: float, client: str) -> Subscribed:
    return Subscribed(t=t, client=client, broker="tokyo", over="stomp", destination=QUEUE, step=1, ack="client")


def received(t: float, **names: Any) -> Received:
    return Received(t=t, **EAR, **(names or {"id": "2-1"}), pending=True)


def settled(t: float, **names: Any) -> Settled:
    return Settled(t=t, **EAR, **(names or {"id": "2-1"}))


def answered(t: float, name: str = "2-1") -> Answered:
    return Answered(t=t, client="p", id=name)


def judged(*seen: Observation, end: float = 60, complete: bool = True) -> Report:
    return judge(EXPECTED, Streamed(HEADER, [subscribed(0, "ear"), *seen, Ended(t=end, complete=complete)]))


ALL = [*asked(1), received(2), settled(2.1), Replied(t=2.2, client="ear", id="2-1"), answered(2.3)]  # lines 3 to 9
SIGHT: dict[str, Any] = {"broker": "tokyo", "of": "management"}
LINK: dict[str, Any] = {"link": "l", "leaving": "a", "reaching": "b", "impairment": ""}
TRY: dict[str, Any] = {"client": "c", "broker": "tokyo", "over": "amqp", "what": "connect", "outcome": "ok"}
PROBE: dict[str, Any] = {"name": "end", "source": "tokyo", "target": "iad", "port": 1, "answer": "open"}

IMPOSSIBLE: dict[str, tuple[int, list[Observation]]] = {
    "2-1 was answered at 0.500 s, before it was sent at 1.000 s": (6, [*asked(1), answered(0.5)]),
    "2-1 was answered, and no earlier line records that it was sent": (3, [answered(0.5), *asked(1)]),
    "9-1 was answered, and no earlier line records that it was sent": (6, [*asked(1), answered(4, "9-1")]),
    "2-1 had an answer sent at 0.500 s, before it was sent at 1.000 s": (
        6,
        [*asked(1), Replied(t=0.5, client="ear", id="2-1")],
    ),
    "ear acknowledged 2-1 at 1.500 s, before it was received": (7, [*asked(1), received(2), settled(1.5)]),
    "ear acknowledged 2-1 at 1.600 s, before it was received": (6, [*asked(1), settled(1.6), received(2)]),
    "ear acknowledged a message of queue://x at 1.500 s, before it was received": (
        7,
        [*asked(1, digest="ab"), received(2, digest="ab"), settled(1.5, digest="ab")],
    ),
    "ear acknowledged a message of queue://x at 1.600 s, before it was received": (
        6,
        [*asked(1, digest="ab"), settled(1.6, digest="ab"), received(2, digest="ab")],
    ),
    "nobody receives from queue://x, and no line records that it subscribed": (
        10,
        [*ALL, received(3).with_fields(client="nobody")],
    ),
    "step 1 ended at 2.000 s, before it began, at 3.000 s": (
        4,
        [StepStarted(t=3, step=1, verb="heal", asked="heal"), StepEnded(t=2, step=1)],
    ),
    "b unsubscribed from queue://x at 2.000 s, before it subscribed at 3.000 s": (
        4,
        [subscribed(3, "b"), Unsubscribed(t=2, client="b", broker="tokyo", destination=QUEUE)],
    ),
    "b was gone at 2.000 s, before it subscribed, at 3.000 s": (
        4,
        [subscribed(3, "b"), ClientChanged(t=2, client="b", broker="tokyo", state="disconnected")],
    ),
    "link l leaving a changed at 20.000 s, before its change in a line before, at 30.000 s": (
        4,
        [LinkChanged(t=30, state="cut", **LINK), LinkChanged(t=20, state="open", **LINK)],
    ),
    "tokyo's management was found silent at 20.000 s, before it was last read, at 30.000 s": (
        3,
        [SightChanged(t=20, state="lost", since=30, **SIGHT)],
    ),
    "tokyo's management was read again at 20.000 s, before it was silent from, at 30.000 s": (
        4,
        [SightChanged(t=31, state="lost", since=30, **SIGHT), SightChanged(t=20, state="regained", since=20, **SIGHT)],
    ),
    "the lab was watched again at 20.000 s, before it was not watched, at 30.000 s": (3, [Unwatched(t=20, since=30)]),
    "c's attempt at tokyo took less than no time (-1)": (3, [Approached(t=2, took=-1, **TRY)]),
    "an attempt from tokyo to iad took less than no time (-1)": (
        3,
        [Attempted(t=2, took_ms=-1, allowed=True, **PROBE)],
    ),
    "2-1 was browsed at 0.500 s, before it was sent at 1.000 s": (
        6,
        [*asked(1), Browsed(t=0.5, step=3, broker="tokyo", over="amqp", ids=("2-1",), **EAR)],
    ),
}


def test_what_a_run_can_see_is_judged() -> None:
    assert judged(*ALL).outcome == "passed"


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_what_no_run_can_have_seen_is_damage(words: str) -> None:
    line, seen = IMPOSSIBLE[words]
    report = judged(*seen)
    assert {verdict.outcome for verdict in report.verdicts} == {Outcome.UNKNOWN}
    for verdict in report.verdicts:
        assert f"history.jsonl:{line}: {words}" in verdict.reason, verdict.reason
    assert all(each.latency is None or each.latency.p50 >= 0 for each in report.deliveries)


AT_3: list[Observation] = [Trouble(t=3, who="p", what="x")]


@pytest.mark.parametrize(
    ("complete", "end", "last", "damaged"),
    [
        (True, 2.9, AT_3, True),
        (True, 3, AT_3, False),
        (False, 2.9, AT_3, False),  # a lab that is ended by its labels knows its moment to a second
        (False, 0.5, AT_3, True),
        (True, 2.9, [LogLine(t=3, broker="tokyo", level="WARN", text="x")], False),  # by the broker's own clock
        (True, 2.9, [LogLine(t=30, broker="tokyo", level="WARN", text="x")], True),
    ],
)
def test_nothing_is_told_of_a_time_after_the_end(
    complete: bool, end: float, last: list[Observation], damaged: bool
) -> None:
    report = judged(*ALL, *last, end=end, complete=complete)
    assert any("damaged" in note for note in report.notes) is damaged
    words = f"history.jsonl:11: the history ends at {end:.3f} s, before its last event, at {last[0].t:.3f} s"
    assert all((words in verdict.reason) is damaged for verdict in report.verdicts)


def test_what_may_come_before_its_line_is_no_damage() -> None:
    """A broker delivers before it confirms; one that refused may have delivered; a history may be cut in between."""
    early = received(3).with_fields(client="b")
    refused = Approached(t=4, took=1, **{**TRY, "client": "b", "what": "subscribe", "outcome": "timed-out"})
    for more in ([early, subscribed(3.1, "b")], [early, refused]):
        assert not any("damaged" in note for note in judged(*ALL, *more).notes)
    assert not any("damaged" in note for note in judged(*ALL, early, complete=False).notes)


@pytest.mark.parametrize("outcome", SendOutcome)
@pytest.mark.parametrize("names", [{"id": "2-1"}, {"digest": "ab"}], ids=["id", "digest"])
def test_what_is_given_back_and_acknowledged_after_all_is_no_damage(
    names: dict[str, Any], outcome: SendOutcome
) -> None:
    lost = ClientChanged(t=2.05, client="ear", broker="tokyo", state="lost")
    sent, late = asked(1, digest=names.get("digest")), settled(2.1, **names).with_fields(outcome=outcome)
    assert not any("damaged" in note for note in judged(*sent, received(2, **names), lost, late).notes)

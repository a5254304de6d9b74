"""A duplicate that has not come is known not to have come only while somebody listened for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates
from lab.history import ClientChanged, Observation, Trouble, Unsubscribed, Watched
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_not_better_than_known import HEADER, QUEUE, TOPIC, lost, received, sent, subscribed, verdict

ONCE = Delivered.model_validate({"topic": "x", "promise": "exactly-once", "quiet": "10s"})
NONE_TWICE = Duplicates.model_validate({"topic": "x", "quiet": "10s"})


def heard(*more: Observation) -> list[Observation]:
    return [subscribed(0, "ear"), *sent(1), received(2, "ear"), *more]


def disconnected(t: float) -> ClientChanged:
    return lost(t).with_fields(state="disconnected")


@pytest.mark.parametrize("expectation", [ONCE, NONE_TWICE], ids=["delivered", "duplicates"])
@pytest.mark.parametrize(
    ("then", "outcome"),
    [
        ([], Outcome.PASSED),
        ([lost(3)], Outcome.UNKNOWN),
        ([Trouble(t=3, who="ear", what="the connection was lost")], Outcome.UNKNOWN),
        ([lost(3), subscribed(4, "ear")], Outcome.PASSED),
        ([lost(3), subscribed(55, "ear")], Outcome.UNKNOWN),
        ([lost(40)], Outcome.PASSED),
        ([disconnected(3)], Outcome.PASSED),
        ([Unsubscribed(t=3, client="ear", broker="tokyo", destination=TOPIC)], Outcome.PASSED),
    ],
)
def test_quiet_is_what_was_heard_to_be_so(expectation: Expectation, then: list[Observation], outcome: Outcome) -> None:
    its = verdict(expectation, *heard(*then))
    assert its.outcome is outcome, its.reason


def test_it_says_who_was_not_listening() -> None:
    assert verdict(ONCE, *heard(lost(3))).reason == (
        "ear lost its connection at 3.000 s, the last message came at 2.000 s, and quiet is 10s: one may come once more"
    )
    assert verdict(ONCE, *heard(lost(3), subscribed(55, "ear"))).reason == (
        "the history ends 5.0 s after one who was to hear it had come back at 55.000 s, and quiet is 10s: one may come "
        "once more"
    )


def test_what_is_in_a_queue_comes_to_those_that_listen_on() -> None:
    seen = [*(subscribed(0, each, QUEUE, "stomp") for each in ("a", "b")), *sent(1, destination=QUEUE)]
    seen += [received(2, "a", destination=QUEUE), lost(3, "b")]
    expectation = Duplicates.model_validate({"queue": "x", "quiet": "10s"})
    assert verdict(expectation, *seen).outcome is Outcome.PASSED
    assert verdict(expectation, *seen[:-1], lost(3, "b").with_fields(state="disconnected")).outcome is Outcome.PASSED
    assert verdict(expectation, *seen, lost(4, "a")).outcome is Outcome.UNKNOWN


def test_the_quiet_that_nobody_wrote_is_two_seconds() -> None:
    expectation = Duplicates.model_validate({"topic": "x"})
    assert verdict(expectation, *heard(lost(3.9, "ear"))).outcome is Outcome.UNKNOWN
    assert verdict(expectation, *heard(lost(4.1, "ear"))).outcome is Outcome.PASSED


def standing(*seen: Observation) -> Verdict:
    (found,) = judge((NONE_TWICE,), Streamed(replace(HEADER, standing=True), seen)).verdicts
    return found


def test_in_a_lab_that_stands_a_client_is_known_to_have_listened_until_it_last_said_so_or_received() -> None:
    watched = [Watched(t=float(t)) for t in range(5, 61, 5)]
    listening = [lost(t).with_fields(state="listening") for t in (5, 10)]
    its = standing(*heard(*listening, *watched))
    assert (its.outcome, "ear was last known to listen at 10.000 s" in its.reason) == (Outcome.UNKNOWN, True)
    later = received(13, "ear").with_fields(id="another-run")
    assert standing(*heard(*listening, later, *watched)).outcome is Outcome.PASSED

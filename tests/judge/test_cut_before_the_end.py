"""What a history that is cut short lacks may still mend an expectation: such a one has not failed by then."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Demanded
from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.times import Finished, Latency
from lab.history import (
    Acknowledged,
    ClientChanged,
    Demand,
    Ended,
    Observation,
    Publishing,
    Sent,
    StepEnded,
    StepStarted,
)
from lab.judge import Streamed, judge
from lab.judge.values import Outcome

from .test_not_better_than_known import TOPIC, received, sent, subscribed, verdict
from .test_truth import HEADER

ONE_CAME: list[Observation] = [subscribed(0, "ear"), *sent(1, count=2), received(1.2, "ear")]


@pytest.mark.parametrize(
    ("bounds", "cut"),
    [
        ({"max": {"at-least": "1s", "at-most": "5s"}}, Outcome.UNKNOWN),
        ({"p50": {"at-least": "1s", "at-most": "5s"}}, Outcome.UNKNOWN),
        ({"p50": "100ms"}, Outcome.UNKNOWN),
        ({"max": "100ms"}, Outcome.FAILED),  # which only grows
        ({"at-least": "1s"}, Outcome.FAILED),
        ({"max": "100ms", "p50": "100ms"}, Outcome.FAILED),
    ],
    ids=str,
)
def test_a_latency_that_later_messages_may_mend_has_failed_only_of_a_whole_run(
    bounds: dict[str, Any], cut: Outcome
) -> None:
    expectation = Latency.model_validate({"to": "ear", **bounds})
    assert verdict(expectation, *ONE_CAME, complete=False).outcome is cut
    assert verdict(expectation, *ONE_CAME).outcome is Outcome.FAILED


def test_a_step_whose_next_messages_a_cut_history_lacks_was_not_finished_too_soon() -> None:
    expectation = Finished.model_validate({"step": "burst", "within": {"at-least": "5s"}})
    seen = [subscribed(0, "ear"), *sent(1), received(1.2, "ear")]
    assert verdict(expectation, *seen, complete=False).outcome is Outcome.UNKNOWN
    assert verdict(expectation, *seen).outcome is Outcome.FAILED


def test_a_step_was_not_too_slow_beside_one_whose_next_messages_a_cut_history_lacks() -> None:
    expectation = Finished.model_validate({"step": "burst", "times": 2, "of": "other"})
    publishing = next(each for each in sent(10) if isinstance(each, Publishing))
    other: list[Observation] = [
        StepStarted(t=10, step=3, verb="publish", asked="publish", name="other"),
        structs.replace(publishing, step=3),
        Sent(t=10, id="3-1"),
        Acknowledged(t=10.01, id="3-1"),
        structs.replace(received(10.1, "ear"), id="3-1"),
    ]
    seen = [subscribed(0, "ear"), *sent(1), received(2, "ear"), *other]
    assert verdict(expectation, *seen, complete=False).outcome is Outcome.UNKNOWN
    assert verdict(expectation, *seen).outcome is Outcome.FAILED


def test_a_kept_message_is_not_late_where_a_cut_history_lacks_that_its_receiver_is_back() -> None:
    expectation = Delivered.model_validate({"topic": "x", "promise": "at-least-once", "within": "3s"})
    ear = structs.replace(subscribed(0, "ear"), durable=True)
    gone = ClientChanged(t=0.5, client="ear", broker="tokyo", state="disconnected")
    seen = [ear, gone, *sent(1), received(9, "ear")]
    its = verdict(expectation, *seen, complete=False)
    assert its.outcome is Outcome.UNKNOWN, its.reason
    assert verdict(expectation, *seen, structs.replace(ear, t=9.001)).outcome is Outcome.PASSED


STEPS = {"subscribe": {"client": "ear", "broker": "tokyo", "over": "mqtt", "topic": "x"}}
ASKED: list[Observation] = [
    StepStarted(t=1, step=1, verb="subscribe", asked="subscribe"),
    StepEnded(t=1.1, step=1),
    Demand(t=0.5, broker="tokyo", destination=TOPIC, present=False),
]


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([STEPS], Outcome.FAILED),
        ([STEPS, STEPS], Outcome.UNKNOWN),
        ([{"repeat": {"times": 2, "steps": [STEPS]}}], Outcome.UNKNOWN),
        ([{"together": [STEPS, STEPS]}], Outcome.UNKNOWN),
    ],
    ids=["it was the last", "another is to come", "another round is to come", "another is to come beside it"],
)
def test_an_expectation_on_the_last_step_of_a_verb_has_not_failed_before_that_step(
    steps: list[dict[str, Any]], outcome: Outcome
) -> None:
    term = {"after": "subscribe", "within": "1s"}
    expectation: Expectation = Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": True, **term})
    header = structs.replace(HEADER, declared={**HEADER.declared, "steps": steps})
    (its,) = judge((expectation,), Streamed(header, [*ASKED, Ended(t=60, complete=False)])).verdicts
    assert its.outcome is outcome, its.reason
    if outcome is Outcome.UNKNOWN:
        assert its.reason.startswith("the history is cut short at 60.000 s, before the last subscribe; until then: ")

"""A claim is not held by what is not known, nor while what breaks it is on record."""

from __future__ import annotations

from typing import Any

import pytest

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.duplicates import Duplicates
from lab.declare.expectations.finished import Finished
from lab.history import (
    Acknowledged,
    Demand,
    Ended,
    Observation,
    Publishing,
    Received,
    Sent,
    StepEnded,
    StepStarted,
    Subscribed,
)
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_truth import HEADER

TOPIC, QUEUE = "topic://x", "queue://x"


def subscribed(t: float, client: str, destination: str = TOPIC, over: str = "mqtt") -> Subscribed:
    return Subscribed(t=t, client=client, broker="tokyo", over=over, destination=destination, step=1)


def sent(t: float, *, count: int = 1, destination: str = TOPIC, retained: bool = False) -> list[Observation]:
    to: dict[str, Any] = {"client": "p", "broker": "tokyo", "over": "mqtt", "destination": destination}
    seen: list[Observation] = [
        StepStarted(t=t, step=2, verb="publish", asked="publish", name="burst"),
        Publishing(t=t, step=2, count=count, persistent=True, retained=retained, body="generated", **to),
    ]
    for number in range(1, count + 1):
        seen += [Sent(t=t, id=f"2-{number}"), Acknowledged(t=t + 0.01, id=f"2-{number}")]
    return [*seen, StepEnded(t=t + 0.02, step=2)]


def received(
    t: float, client: str, number: int = 1, *, destination: str = TOPIC, retained: bool = False, again: bool = False
) -> Received:
    return Received(
        t=t, client=client, destination=destination, id=f"2-{number}", retained=retained, redelivered=again
    )  # fmt: skip


def verdict(claim: Expectation, *seen: Observation, complete: bool = True) -> Verdict:
    (found,) = judge((claim,), Streamed(HEADER, [*seen, Ended(t=60, complete=complete)])).verdicts
    return found


@pytest.mark.parametrize("promise", ["exactly-once", "at-most-once"])
def test_a_retained_message_that_comes_too_often_breaks_the_promise_though_no_moment_is_known(promise: str) -> None:
    claim = Delivered.model_validate({"topic": "x", "promise": promise})
    its = verdict(
        claim,
        subscribed(0, "ear"),
        *sent(1, retained=True),
        received(2, "ear"),
        received(3, "ear", retained=True),
        received(4, "ear", retained=True),
    )
    assert (its.outcome, its.reason) == (Outcome.BROKEN, "ear received 1 duplicate")


def test_the_number_of_duplicates_is_said_where_no_moment_is_known() -> None:
    its = verdict(
        Duplicates.model_validate({"topic": "x"}),
        subscribed(0, "ear"),
        *sent(1, retained=True),
        received(2, "ear"),
        received(3, "ear", retained=True),
        received(4, "ear", retained=True),
    )
    assert (its.outcome, its.reason) == (Outcome.BROKEN, "ear received 1 duplicate, allowed are 0")


def test_what_a_broker_retains_comes_at_each_subscription_and_not_for_want_of_an_acknowledgement() -> None:
    claim = Delivered.model_validate({"topic": "x", "promise": "at-least-once"})
    its = verdict(
        claim, subscribed(0, "ear"), *sent(1, retained=True), received(2, "ear"), received(3, "ear", retained=True)
    )
    assert its.outcome is Outcome.HELD
    assert its.reason.endswith("; 1 came again, as a broker gives what it retains to each subscription")


@pytest.mark.parametrize(("complete", "outcome"), [(True, Outcome.HELD), (False, Outcome.UNKNOWN)])
def test_demand_after_a_step_is_not_held_by_a_history_that_is_cut_short(complete: bool, outcome: Outcome) -> None:
    claim = Demanded.model_validate(
        {"broker": "tokyo", "topic": "x", "present": "yes", "within": "5s", "after": "heal"}
    )  # fmt: skip
    its = verdict(
        claim,
        StepStarted(t=1, step=1, verb="heal", asked="heal"),
        StepEnded(t=1.1, step=1),
        Demand(t=2, broker="tokyo", destination=TOPIC, present=True),
        complete=complete,
    )
    assert its.outcome is outcome


def test_a_step_is_not_finished_for_some_of_a_queue_while_others_have_its_messages() -> None:
    seen = [
        subscribed(0, "a", QUEUE, "stomp"),
        subscribed(0, "b", QUEUE, "stomp"),
        *sent(1, count=2, destination=QUEUE),
    ]
    seen += [received(1.1, "a", destination=QUEUE), received(3, "b", 2, destination=QUEUE)]
    alone = verdict(Finished.model_validate({"step": "burst", "to": "a", "within": "1s"}), *seen)
    assert (alone.outcome, alone.reason) == (Outcome.UNKNOWN, "1 of 2 messages of burst went to others than a")
    both = verdict(Finished.model_validate({"step": "burst", "to": ["a", "b"], "within": "5s"}), *seen)
    assert both.outcome is Outcome.HELD


def test_a_step_is_not_finished_for_one_who_was_owed_nothing() -> None:
    seen = [subscribed(0, "a"), *sent(1), received(1.1, "a"), subscribed(5, "late")]
    its = verdict(Finished.model_validate({"step": "burst", "to": ["a", "late"], "within": "1s"}), *seen)
    assert (its.outcome, its.reason) == (Outcome.UNKNOWN, "no message of burst was owed to late")
    assert verdict(Finished.model_validate({"step": "burst", "to": "a", "within": "1s"}), *seen).outcome is Outcome.HELD

"""Messages that a broker dispatched to an application without an acknowledgement: the client may have them, or not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.declare.expectations.times import Recovered
from lab.history import Ended, MessageSeen, Observation, StepEnded, StepStarted
from lab.judge import Streamed, judge
from lab.judge.values import Report, Verdict

from .test_applications import (
    BEGAN,
    FAILED,
    OBSERVED,
    PASSED,
    UNKNOWN,
    event,
    left,
    sent,
    subscribed,
    taken,
    verdict,
)

GIVEN = event(2.1, "dispatched")
ARRIVED = sent(2.05).with_fields(broker="singapore", network=True)
AGAIN = event(3.2, "dispatched", consumer="c2", redelivered=1)
TOPIC = {"destination": "topic://orders"}


def report(expectation: Expectation, *seen: Observation | Iterable[Observation]) -> Report:
    """Judge a history of these lines, which ends at 30 s."""
    lines = [line for each in (BEGAN, *seen) for line in ([each] if isinstance(each, Observation) else each)]
    return judge([expectation], Streamed(OBSERVED, [*lines, Ended(t=30.0, complete=True)]))


def ordered(*seen: Observation | Iterable[Observation]) -> Verdict:
    (found,) = report(Ordered.model_validate({"to": "billing", "queue": "orders"}), *seen).verdicts
    return found


def given(t: float, number: int, consumer: str = "c1") -> MessageSeen:
    return event(t, "dispatched", number, consumer)


def answered(t: float, number: int, consumer: str = "c1") -> MessageSeen:
    return event(t, "acknowledged", number, consumer)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([GIVEN], "; to count dispatches"),
        ([ARRIVED, GIVEN, left(25), subscribed(25, "c2")], "; it waits at singapore on queue://orders; to count"),
        ([GIVEN, left(3), subscribed(3.1, "c2", "billing-2"), AGAIN], "; to count dispatches"),
    ],
)
def test_a_client_may_have_a_message_that_it_did_not_acknowledge(events: list[Observation], words: str) -> None:
    its = verdict(subscribed(1), sent(2), events)
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("1 of 1 was dispatched to billing and not acknowledged, first ID:1 sent at 2.000 s")
    assert f"so it is unknown whether billing received it{words}" in its.reason


def test_a_failure_counts_only_messages_that_did_not_reach_the_client() -> None:
    its = verdict(subscribed(1), sent(2), GIVEN, sent(3, 2))
    assert its.outcome is FAILED
    assert its.reason.startswith("1 of 2 did not reach billing, first ID:2 sent at 3.000 s")
    assert "1 of 2 was dispatched to billing and not acknowledged, first ID:1" in its.reason


def test_a_message_that_is_acknowledged_when_it_is_dispatched_again_is_delivered() -> None:
    back = [subscribed(1), sent(2), GIVEN, left(3), subscribed(3.1, "c2", "billing-2"), AGAIN, answered(3.3, 1, "c2")]
    its = verdict(back)
    assert its.outcome is PASSED, its.reason


def test_a_message_that_another_client_acknowledged_may_have_reached_the_first_one_too() -> None:
    other = subscribed(1, "c9", "robot-7")
    its = verdict(subscribed(1), other, sent(2), GIVEN, left(3), taken(3.2, 1, "c9"))
    assert its.outcome is UNKNOWN and "dispatched to billing and not acknowledged" in its.reason, its.reason
    its = verdict(subscribed(1), other, sent(2), taken(3.2, 1, "c9"))
    assert its.outcome is FAILED and "went to robot-7 instead of billing" in its.reason, its.reason


def test_nothing_was_heard_only_if_nothing_was_dispatched() -> None:
    its = verdict(subscribed(1), sent(2), GIVEN, promise="nothing")
    assert its.outcome is UNKNOWN and "dispatched to billing and not acknowledged" in its.reason, its.reason
    its = verdict(subscribed(1), sent(2), promise="nothing")
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize("consumer", ["c1", "c2"])
def test_a_second_copy_that_is_not_acknowledged_may_have_come(consumer: str) -> None:
    lines = [subscribed(1), subscribed(1, "c2", "billing-2"), sent(2), *taken(2.1), given(2.5, 1, consumer)]
    its = verdict(lines)
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("another copy of ID:1 was dispatched to billing at singapore and not acknowledged")
    assert verdict(lines, promise="at-least-once").outcome is PASSED
    (its,) = report(Duplicates.model_validate({"to": "billing", "at-most": 0}), lines).verdicts
    assert its.outcome is UNKNOWN, its.reason
    (its,) = report(Duplicates.model_validate({"to": "billing", "at-most": 1}), lines).verdicts
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize("back", [True, False])
def test_a_dispatch_that_counts_may_have_been_in_vain_before_it_was_made_again(back: bool) -> None:
    first = [subscribed(1, client="screen"), sent(2), GIVEN]
    gone = [left(3), subscribed(3.1, "c2", "screen"), AGAIN]
    its = verdict(first, gone if back else AGAIN.with_fields(consumer="c1"), to="screen")
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("1 message to screen was dispatched more often than acknowledged, first ID:1")
    its = verdict(first, answered(2.2, 1), gone, to="screen")
    assert its.outcome is FAILED and "screen received 1 duplicate" in its.reason, its.reason


def test_messages_are_in_the_order_in_which_they_were_dispatched() -> None:
    both = [subscribed(1), sent(2), sent(2.1, 2)]
    its = ordered(both, given(2.2, 1), given(2.3, 2), answered(2.5, 2), answered(2.9, 1))
    assert its.outcome is PASSED, its.reason
    its = ordered(both, given(2.2, 2), given(2.3, 1), answered(2.5, 1), answered(2.9, 2))
    assert its.outcome is FAILED
    assert its.reason.startswith("1 message out of order, first ID:1 reached billing at 2.500 s, after ID:2"), (
        its.reason
    )


def test_messages_of_several_kinds_of_one_sender_are_in_the_order_of_sending() -> None:
    three = [sent(2), sent(2.1, 2).with_fields(persistent=False), sent(2.2, 3)]
    its = ordered(subscribed(1), three, taken(3, 1), taken(3.1, 2), taken(3.2, 3))
    assert its.outcome is PASSED, its.reason


def test_the_connections_of_one_application_are_judged_each_by_itself() -> None:
    both = [subscribed(1), subscribed(1, "c2", "billing-2"), sent(2), sent(2.1, 2)]
    its = ordered(both, given(2.2, 2, "c2"), given(2.3, 1), answered(2.5, 2, "c2"), answered(2.9, 1))
    assert its.outcome is PASSED and "each connection its own" in its.reason, its.reason


def test_a_message_that_came_back_is_not_out_of_order() -> None:
    first = [subscribed(1), sent(2), sent(2.1, 2), given(2.2, 1), left(2.3), subscribed(2.4, "c2", "billing-2")]
    its = ordered(first, taken(2.5, 2, "c2"), taken(2.7, 1, "c2"))
    assert its.outcome is PASSED and "but for 1 that had been given back" in its.reason, its.reason


def test_a_message_of_a_topic_that_a_client_may_have_is_not_lost() -> None:
    seen = [each.with_fields(**TOPIC) for each in (subscribed(1), sent(2), GIVEN, sent(3, 2), *taken(3.1, 2))]
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    found = report(expectation, seen)
    (its,) = found.verdicts
    assert its.outcome is UNKNOWN, its.reason
    ((lost, unknown),) = [(each.not_delivered.lost, each.not_delivered.unknown) for each in found.deliveries]
    assert (lost, unknown) == (0, 1)


def test_the_end_of_another_copy_is_no_cause() -> None:
    dead = event(3, "dead-lettered", consumer="", why="duplicate from store")
    its = verdict(subscribed(1), sent(2), GIVEN, dead)
    assert its.outcome is UNKNOWN and "dead letter" not in its.reason, its.reason


def test_a_client_may_have_recovered_that_has_messages_unacknowledged() -> None:
    heal = [StepStarted(t=1.5, step=1, verb="heal", asked="heal"), StepEnded(t=1.6, step=1)]
    expectation = Recovered.model_validate({"to": "billing", "after": "heal", "within": "5s"})
    (its,) = report(expectation, subscribed(1), heal, sent(2), GIVEN).verdicts
    assert its.outcome is UNKNOWN and "may have messages that were dispatched to it" in its.reason, its.reason
    (its,) = report(expectation, subscribed(1), heal, sent(2)).verdicts
    assert its.outcome is FAILED, its.reason

"""Verdicts on applications whose messages share an id, are sent again, or have several copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from lab.declare.expectations import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates
from lab.declare.steps import STEPS
from lab.history import BrokerChanged, Ended, MessageSeen, Observation, ObserverChanged, TransactionEnded
from lab.judge import Streamed
from lab.judge.evidence.interval import WHOLE
from lab.judge.judging import _judged
from lab.judge.values import Verdict

from .test_applications import BEGAN, FAILED, OBSERVED, PASSED, UNKNOWN, event, left, sent, subscribed, taken

ARCHIVE = "queue://archive"
Seen = Observation | Iterable["Seen"]


def flat(seen: Iterable[Seen]) -> list[Observation]:
    return [line for each in seen for line in ([each] if isinstance(each, Observation) else flat(each))]


def delivered(**fields: str) -> Delivered:
    return Delivered.model_validate(
        {"to": "billing", "queue": "orders", "promise": "exactly-once", "within": "5s", **fields}
    )


def judged(*seen: Seen, by: Expectation | None = None, since: float | None = None) -> Verdict:
    """Judge a history of these lines, which ends at 30 s."""
    interval = WHOLE if since is None else replace(WHOLE, begin=since, text="since a mark")
    lines = [BEGAN, *flat(seen), Ended(t=30.0, complete=True)]
    (found,) = _judged([by or delivered()], Streamed(OBSERVED, lines), STEPS, interval).report.verdicts
    return found


def chosen(t: float, number: int = 1, **more: object) -> MessageSeen:
    """Return the sending of a message whose id an AMQP sender chose."""
    return sent(t, number).with_fields(over="amqp+ssl", **more)


def crossed(t: float, number: int = 1) -> list[MessageSeen]:
    """Return the events of a message that a bridge takes from Tokyo to Singapore."""
    bridge = {"consumer": "b1", "network": True}
    return [
        event(t, "dispatched", number).with_fields(broker="tokyo", **bridge),
        sent(t + 0.01, number).with_fields(network=True, broker="singapore", client_id="wan"),
        event(t + 0.02, "acknowledged", number).with_fields(broker="tokyo", **bridge),
    ]


def came(t: float, number: int = 1, consumer: str = "c1") -> list[MessageSeen]:
    return [*crossed(t, number), *taken(t + 0.03, number, consumer)]


def to(destination: str, *seen: Seen) -> list[Observation]:
    return [each.with_fields(destination=destination) for each in flat(seen)]


def test_two_messages_with_one_id_are_two_if_the_first_was_over_when_the_second_was_sent() -> None:
    first = [subscribed(1), chosen(2), came(2.1)]
    its = judged(first, chosen(4), came(4.1))
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("2 of 2 reached billing, each once")
    its = judged(first, chosen(4))
    assert its.outcome is FAILED, its.reason
    assert "1 of 2" in its.reason and "first ID:1 sent at 4.000 s" in its.reason
    its = judged(first, chosen(4), came(4.1), came(5))
    assert its.outcome is FAILED, its.reason
    assert "1 duplicate, first ID:1" in its.reason
    its = judged(first, chosen(12), chosen(13, 3), came(13.1, 3), since=10)
    assert its.outcome is FAILED, its.reason
    assert "1 of 2" in its.reason and "first ID:1 sent at 12.000 s" in its.reason


def test_a_message_that_became_a_dead_letter_is_over() -> None:
    dead = [
        *crossed(2.1), event(2.2, "dispatched"), event(2.25, "rejected"),
        event(2.3, "dead-lettered", why="Throwable: rejected"),
        sent(2.31, original="queue://orders").with_fields(destination="queue://ActiveMQ.DLQ", broker="singapore"),
    ]  # fmt: skip
    its = judged(subscribed(1), chosen(2), dead, chosen(4), came(4.1))
    assert its.outcome is FAILED, its.reason
    assert "first ID:1 sent at 2.000 s" in its.reason


@pytest.mark.parametrize(
    "seen",
    [
        [chosen(2), chosen(4), came(4.1)],  # the first one or the second one
        [chosen(2), chosen(4), came(4.1), came(5)],
        [chosen(2), came(2.1), chosen(2.3)],  # by clocks that differ, its delivery may be that of the second one
        [chosen(2), came(2.1), crossed(3), chosen(4), taken(4.1)],  # a second copy of the first one
        [sent(2), came(2.1), chosen(4), came(4.1)],  # a consumer sent it again to its queue
    ],
)
def test_two_messages_with_one_id_make_a_verdict_unknown_if_events_may_be_of_either(seen: list[Seen]) -> None:
    its = judged(subscribed(1), *seen)
    assert its.outcome is UNKNOWN, its.reason
    assert its.reason.startswith(
        "several messages have the id ID:1, and it is unknown which of them came from queue://"
    )
    assert "let the AMQP sender give each message another id" in its.reason


def test_messages_with_one_id_from_before_the_judged_interval_do_not_count() -> None:
    mixed = [chosen(2), chosen(4), came(4.1)]
    its = judged(subscribed(1), mixed, sent(12, 7), came(12.1, 7), since=10)
    assert its.outcome is PASSED, its.reason


def test_of_a_topics_messages_with_one_id_each_client_has_its_own() -> None:
    topic = "topic://orders"
    by = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once", "within": "5s"})
    first = [subscribed(1), chosen(2), taken(2.1)]
    assert judged(to(topic, first, chosen(4), taken(4.1)), by=by).outcome is PASSED
    its = judged(to(topic, first, chosen(4)), by=by)
    assert its.outcome is FAILED and "sent at 4.000 s" in its.reason, its.reason
    late = [subscribed(1, "c9", "other"), chosen(2), taken(2.1, 1, "c9"), subscribed(3), chosen(4)]
    new = judged(to(topic, late, taken(4.1), taken(4.1, 1, "c9")), by=by)
    assert new.outcome is PASSED and new.reason.startswith("1 of 1"), new.reason
    missed = [subscribed(1), subscribed(1, "c9", "other"), chosen(2), taken(2.1, 1, "c9"), chosen(4), taken(4.1)]
    assert judged(to(topic, missed), by=by).outcome is UNKNOWN  # it may be either message


def test_messages_with_one_id_to_two_destinations_are_two_messages() -> None:
    forwarded = [subscribed(1), sent(2), came(2.1), to(ARCHIVE, subscribed(1, "c2", "archive"), chosen(2.2))]
    second = to(ARCHIVE, sent(3, 2), came(3.1, 2, "c2"))
    archive = delivered(to="archive", queue="archive")
    its = judged(forwarded, second, by=archive)
    assert its.outcome is FAILED, its.reason
    assert "first ID:1 sent at 2.200 s" in its.reason
    its = judged(forwarded, to(ARCHIVE, came(2.3, 1, "c2")), second, by=archive)
    assert its.outcome is PASSED and its.reason.startswith("2 of 2"), its.reason
    its = judged(forwarded, second)
    assert its.outcome is PASSED and its.reason.startswith("1 of 1"), its.reason


def test_a_refused_message_that_is_accepted_when_it_is_sent_again_counts_from_then_on() -> None:
    refused, others = sent(2, why="BrokerStoppedException: x"), [sent(4, 2), came(4.1, 2)]
    its = judged(subscribed(1), refused, sent(12), others)
    assert its.outcome is FAILED, its.reason
    assert "1 of 2" in its.reason and "first ID:1 sent at 12.000 s" in its.reason
    its = judged(subscribed(1), refused, sent(12), came(12.1), others)
    assert its.outcome is PASSED, its.reason
    assert (
        its.reason.startswith("2 of 2 reached billing, each once, the slowest in 140") and "refused" not in its.reason
    )
    its = judged(subscribed(1), refused, sent(12), others, since=10)
    assert its.outcome is FAILED and "first ID:1 sent at 12.000 s" in its.reason, its.reason
    rolled_back = [
        sent(2, transaction="t1"),
        TransactionEnded(t=2.1, broker="tokyo", transaction="t1", committed=False),
    ]
    its = judged(subscribed(1), rolled_back, sent(12), others)
    assert its.outcome is FAILED and "first ID:1 sent at 12.000 s" in its.reason, its.reason


def test_a_message_that_its_client_sends_again_is_one_message() -> None:
    its = judged(subscribed(1), sent(2), sent(3), came(3.1))
    assert its.outcome is PASSED and its.reason.startswith("1 of 1"), its.reason
    its = judged(subscribed(1), sent(2, why="IOException: x"), came(2.5), sent(3), sent(4, 2), came(4.1, 2))
    assert its.outcome is PASSED and its.reason.startswith("2 of 2"), its.reason


SECOND = [
    ([came(2.1), crossed(8)], "another copy of ID:1 is at singapore on queue://orders"),
    ([came(2.1), crossed(8), left(9)], "another copy of ID:1 is at singapore on queue://orders"),
    ([came(2.1), event(3, "dispatched")], "another copy of ID:1 was dispatched to billing at singapore and not ack"),
    ([came(2.1), event(3, "dispatched"), left(4)], "another copy of ID:1 "),
]


@pytest.mark.parametrize(("seen", "words"), SECOND)
def test_a_message_of_which_a_broker_has_another_copy_is_not_known_to_come_once(seen: list[Seen], words: str) -> None:
    for by in (delivered(), delivered(promise="at-most-once"), Duplicates.model_validate({"to": "billing"})):
        its = judged(subscribed(1), sent(2), *seen, by=by)
        assert its.outcome is UNKNOWN, its.reason
        assert its.reason.startswith(words) and "so it is unknown whether it comes too" in its.reason
    its = judged(subscribed(1), sent(2), *seen, by=delivered(promise="at-least-once"))
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize(
    "seen",
    [
        [crossed(2.1), event(2.2, "dispatched"), left(3), subscribed(3.1, "c2"), taken(3.2, 1, "c2")],
        [crossed(2.1), event(2.2, "dispatched"), left(3), subscribed(3.1, "c2"),
         event(3.2, "dispatched", 1, "c2", redelivered=1), event(3.3, "acknowledged", 1, "c2")],
        [came(2.1), crossed(8), event(8.1, "dead-lettered", consumer="", why="Throwable: duplicate from store")],
        [came(2.1), crossed(8), event(8.1, "expired", consumer="")],
        [crossed(2.1), taken(2.2, transaction="t1"),
         TransactionEnded(t=3, broker="singapore", transaction="t1", committed=True)],
        [came(2.1), subscribed(5, "c5", "x", browser=True), event(5.1, "dispatched", 1, "c5"), left(5.2, "c5")],
        [crossed(2.1), event(2.2, "dispatched"), BrokerChanged(t=3, broker="singapore", state="stopped"),
         subscribed(4, "c2"), taken(4.1, 1, "c2")],
        [came(2.1), to("topic://orders", subscribed(1, "c2", "other"), event(3, "dispatched", 1, "c2"))],
    ],
)  # fmt: skip
def test_a_copy_that_comes_again_or_is_over_is_no_other_copy(seen: list[Seen]) -> None:
    its = judged(subscribed(1), sent(2), *seen)
    assert its.outcome is PASSED, its.reason


def test_a_broker_may_dispatch_a_message_before_its_sending_is_recorded() -> None:
    crossing = crossed(2.09)
    its = judged(subscribed(1), sent(2), crossing[0], taken(2.1), [each.with_fields(t=2.1) for each in crossing[1:]])
    assert its.outcome is PASSED, its.reason


LOST = ObserverChanged(
    t=4.0, broker="tokyo", state="lost", since=1.5, lost_events=1, why="its buffer of events was full"
)


def test_a_delivery_from_before_is_none_of_a_message_that_an_amqp_sender_sends_with_the_same_id() -> None:
    earlier = taken(2)  # no observer saw its sending
    its = judged(subscribed(1), earlier, LOST, chosen(12), chosen(13, 2), came(13.1, 2), since=10)
    assert its.outcome is FAILED, its.reason
    assert "1 of 2" in its.reason


def test_a_delivery_from_before_the_mark_leaves_later_messages_known() -> None:
    its = judged(subscribed(1), taken(2, 7), LOST, chosen(12), came(12.1), since=10)
    assert its.outcome is PASSED, its.reason
    its = judged(subscribed(1), taken(11, 7), chosen(12), came(12.1), since=10)
    assert its.outcome is UNKNOWN and "no observer saw who sent them" in its.reason


def test_a_delivery_that_is_read_just_before_its_sending_is_that_of_the_message() -> None:
    at_tokyo, at_singapore, answered = crossed(12.01)
    its = judged(
        subscribed(1), at_singapore.with_fields(t=11.8), taken(11.81), chosen(12), at_tokyo, answered, since=10
    )
    assert its.outcome is PASSED, its.reason


@pytest.mark.parametrize("redelivered", [0, 1])
def test_a_durable_subscription_that_comes_back_gets_the_same_copy_again(redelivered: int) -> None:
    topic = {"destination": "topic://orders"}
    lines = [
        subscribed(1, durable="d"),
        sent(2),
        event(2.1, "dispatched"),
        left(3),
        subscribed(4, "c2", durable="d"),
        event(4.1, "dispatched", 1, "c2", redelivered=redelivered),
        event(4.2, "acknowledged", 1, "c2"),
    ]
    on_topic = [each.with_fields(**topic) for each in lines]
    its = judged(
        on_topic,
        by=Delivered.model_validate({"to": "billing", "topic": "orders", "within": "5s", "promise": "exactly-once"}),
    )
    assert its.outcome is PASSED, its.reason

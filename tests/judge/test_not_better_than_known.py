"""An expectation is not held by what is not known, nor while what breaks it is on record."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Counters, Demanded, Discarded, Forwarded
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.declare.expectations.network import Unreachable
from lab.declare.expectations.states import TopicsPage
from lab.declare.expectations.times import Finished
from lab.history import (
    Achieved,
    Acknowledged,
    Approached,
    ClientChanged,
    Counted,
    Demand,
    Ended,
    Observation,
    Paced,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
)
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict
from lab.replay.pacing import in_words

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


def verdict(expectation: Expectation, *seen: Observation, complete: bool = True) -> Verdict:
    (found,) = judge((expectation,), Streamed(HEADER, [*seen, Ended(t=60, complete=complete)])).verdicts
    return found


@pytest.mark.parametrize("promise", ["exactly-once", "at-most-once"])
def test_a_retained_message_that_comes_too_often_breaks_the_promise_though_no_moment_is_known(promise: str) -> None:
    expectation = Delivered.model_validate({"topic": "x", "promise": promise})
    its = verdict(
        expectation,
        subscribed(0, "ear"),
        *sent(1, retained=True),
        received(2, "ear"),
        received(3, "ear", retained=True),
        received(4, "ear", retained=True),
    )
    assert (its.outcome, its.reason) == (Outcome.FAILED, "ear received 1 duplicate")


def test_the_number_of_duplicates_is_said_where_no_moment_is_known() -> None:
    its = verdict(
        Duplicates.model_validate({"topic": "x"}),
        subscribed(0, "ear"),
        *sent(1, retained=True),
        received(2, "ear"),
        received(3, "ear", retained=True),
        received(4, "ear", retained=True),
    )
    assert (its.outcome, its.reason) == (Outcome.FAILED, "ear received 1 duplicate, allowed are 0")


def test_what_a_broker_retains_comes_at_each_subscription_and_not_for_want_of_an_acknowledgement() -> None:
    expectation = Delivered.model_validate({"topic": "x", "promise": "at-least-once"})
    its = verdict(
        expectation,
        subscribed(0, "ear"),
        *sent(1, retained=True),
        received(2, "ear"),
        received(3, "ear", retained=True),
    )
    assert its.outcome is Outcome.PASSED
    assert its.reason.endswith("; 1 came again, as a broker sends a retained message to each subscription")


def test_what_a_broker_retains_waits_from_the_return_of_one_who_lost_the_connection_before_it_came() -> None:
    expectation = Delivered.model_validate({"topic": "x", "promise": "at-least-once", "within": "5s"})
    ear = replace(subscribed(3, "ear"), durable=True)
    lost_it = ClientChanged(t=4, client="ear", broker="tokyo", state="lost")
    returned = replace(lost_it, t=20, state="returned")
    came = received(20.2, "ear", retained=True)
    its = verdict(expectation, *sent(1, retained=True), ear, lost_it, replace(ear, t=20), returned, came)
    assert its.outcome is Outcome.PASSED, its.reason


@pytest.mark.parametrize(("complete", "outcome"), [(True, Outcome.PASSED), (False, Outcome.UNKNOWN)])
def test_demand_after_a_step_is_not_held_by_a_history_that_is_cut_short(complete: bool, outcome: Outcome) -> None:
    expectation = Demanded.model_validate(
        {"broker": "tokyo", "topic": "x", "present": "yes", "within": "5s", "after": "heal"}
    )  # fmt: skip
    its = verdict(
        expectation,
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
    assert both.outcome is Outcome.PASSED


def test_a_step_is_not_finished_for_one_who_was_expected_to_receive_nothing() -> None:
    seen = [subscribed(0, "a"), *sent(1), received(1.1, "a"), subscribed(5, "late")]
    its = verdict(Finished.model_validate({"step": "burst", "to": ["a", "late"], "within": "1s"}), *seen)
    assert (its.outcome, its.reason) == (Outcome.UNKNOWN, "late was expected to receive no message of burst")
    assert (
        verdict(Finished.model_validate({"step": "burst", "to": "a", "within": "1s"}), *seen).outcome is Outcome.PASSED
    )


def snapshot(t: float, name: str, broker: str, *, answered: bool = True, **counters: int) -> list[Observation]:
    counted = Counted(t=t, snapshot=name, broker=broker, of="destination", name=TOPIC, counters=counters)
    return [*([counted] if counters else []), SnapshotTaken(t=t, snapshot=name, broker=broker, answered=answered)]


@pytest.mark.parametrize(
    ("forwarded", "expected", "outcome"),
    [
        (1, "1", Outcome.UNKNOWN),
        (1, "2", Outcome.FAILED),
        (1, {"at-most": "1"}, Outcome.PASSED),
        (0, "0", Outcome.PASSED),
    ],
)
def test_a_forward_count_alone_holds_nothing_while_the_other_broker_is_silent(
    forwarded: int, expected: object, outcome: Outcome
) -> None:
    its = verdict(
        Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": expected}),
        *snapshot(0, "start", "tokyo"),
        *snapshot(0, "start", "singapore"),
        subscribed(0.1, "ear"),
        *sent(1),
        received(2, "ear"),
        *snapshot(50, "end", "tokyo", forwarded=forwarded, enqueued=1),
        *snapshot(50, "end", "singapore", answered=False),
    )
    assert its.outcome is outcome
    assert ("what the other broker took is not known: singapore did not answer" in its.reason) is bool(forwarded)


def lost(t: float, client: str = "ear") -> ClientChanged:
    return ClientChanged(t=t, client=client, broker="tokyo", state="lost")


@pytest.mark.parametrize("destination", [TOPIC, QUEUE])
def test_each_break_excuses_one_redelivery(destination: str) -> None:
    again = [received(t, "ear", destination=destination, again=True) for t in (5, 6, 8, 9)]
    its = verdict(
        Duplicates.model_validate({}),
        subscribed(0, "ear", destination, "amqp"),
        *sent(1, destination=destination),
        received(2, "ear", destination=destination),
        lost(3),
        subscribed(4, "ear", destination, "amqp"),
        *again[:2],
        lost(7),
        subscribed(7.5, "ear", destination, "amqp"),
        *again[2:],
    )
    assert its.reason.startswith("ear received 2 duplicates, first 2-1 again at 6.000 s")


@pytest.mark.parametrize(("late", "outcome"), [(0.5, Outcome.PASSED), (1.5, Outcome.PASSED), (3.5, Outcome.UNKNOWN)])
def test_a_queues_message_that_was_gone_before_a_member_came_shows_no_silence(late: float, outcome: Outcome) -> None:
    its = verdict(
        Delivered.model_validate({"queue": "x", "to": "late", "promise": "nothing"}),
        subscribed(0, "a", QUEUE, "stomp"),
        *([subscribed(late, "late", QUEUE, "stomp")] if late < 1 else []),
        *sent(1, count=2, destination=QUEUE),
        received(1.1, "a", destination=QUEUE),
        *([subscribed(late, "late", QUEUE, "stomp")] if 1 < late < 3 else []),
        received(3, "a", 2, destination=QUEUE),
        *([subscribed(late, "late", QUEUE, "stomp")] if late > 3 else []),
    )
    assert its.outcome is outcome
    assert (f"{2 if late < 1 else 1} message" in its.reason) is (outcome is Outcome.PASSED)


def test_each_of_a_queues_subscribers_has_an_order_of_its_own() -> None:
    seen: list[Observation] = [subscribed(0, each, QUEUE, "stomp") for each in ("a", "b")]
    seen += [*sent(1, count=2, destination=QUEUE), received(2, "b", 2, destination=QUEUE)]
    its = verdict(Ordered.model_validate({"queue": "x"}), *seen, received(3, "a", destination=QUEUE))
    assert its.outcome is Outcome.PASSED
    assert its.reason == "a and b received 2 messages of queue://x, each its own in the order of sending"


@pytest.mark.parametrize(("drawn", "dice"), [(0.0, ""), (3.0, " (3/s by its dice)")])
def test_a_history_with_a_rate_of_zero_can_be_judged(drawn: float, dice: str) -> None:
    paced = Paced(t=2, step=2, asked_per_s=0, drawn_per_s=drawn, reached_per_s=1, held=False)
    (note,) = judge((), Streamed(HEADER, [*sent(1), paced, Ended(t=60, complete=True)])).notes[-1:]
    assert note == f"A rate could not be held: step 2 burst (publish) asked 0/s{dice} and reached 1/s."
    assert in_words(paced) == f"asked 0/s{dice}, reached 1/s: the rate could not be held"


def forwarding(name: str, t: float, **of: dict[str, int]) -> list[Observation]:
    return [each for broker, counters in of.items() for each in snapshot(t, name, broker, **counters)]


@pytest.mark.parametrize(("taken", "outcome"), [(3, Outcome.PASSED), (2, Outcome.UNKNOWN), (1, Outcome.UNKNOWN)])
def test_a_forward_count_of_a_part_of_a_run_is_what_the_other_took(taken: int, outcome: Outcome) -> None:
    """What the other's own clients sent meanwhile is no part of that."""
    expectation = Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "3", "between": ["a", "b"]})
    its = verdict(
        expectation,
        *forwarding("a", 5, tokyo={"forwarded": 1, "enqueued": 1}, singapore={"enqueued": 1, "forwarded": 0}),
        *(each.with_fields(broker="singapore") if isinstance(each, Publishing) else each for each in sent(10)),
        *forwarding("b", 20, tokyo={"forwarded": 4}, singapore={"enqueued": 2 + taken, "forwarded": 0}),
    )
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(
    ("singapore", "sydney", "outcome"),
    [
        ({"enqueued": 3, "forwarded": 3}, {"enqueued": 3, "forwarded": 0}, Outcome.PASSED),  # through singapore
        ({"enqueued": 3, "forwarded": 0}, {"enqueued": 0, "forwarded": 0}, Outcome.PASSED),
        ({"enqueued": 1, "forwarded": 1}, {"enqueued": 1, "forwarded": 0}, Outcome.UNKNOWN),
        ({"enqueued": 3, "forwarded": 3}, {"enqueued": 0, "forwarded": 0}, Outcome.PASSED),  # held back by singapore
        ({"enqueued": 3, "forwarded": 1}, {"enqueued": 2, "forwarded": 1}, Outcome.PASSED),
        ({"enqueued": 2, "forwarded": 2}, {"enqueued": 2, "forwarded": 0}, Outcome.UNKNOWN),
    ],
)
def test_a_forward_count_among_three_brokers_is_what_the_others_took(
    singapore: dict[str, int], sydney: dict[str, int], outcome: Outcome
) -> None:
    brokers = {name: {"region": name} for name in ("tokyo", "singapore", "sydney")}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": brokers}})
    none = {"enqueued": 0, "forwarded": 0}
    seen = [
        *forwarding("start", 0, tokyo=none, singapore=none, sydney=none),
        *sent(1, count=3),
        *forwarding("end", 50, tokyo={"enqueued": 3, "forwarded": 3}, singapore=singapore, sydney=sydney),
        Ended(t=60, complete=True),
    ]
    expectation = Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "3"})
    (its,) = judge((expectation,), Streamed(header, seen)).verdicts
    assert its.outcome is outcome, its.reason


def bridged(name: str, t: float, **gave: int) -> list[Observation]:
    """Return what tokyo's ends of bridges had given in a snapshot, by the remote brokers; all are of one connector."""
    told: dict[str, Any] = {"t": t, "snapshot": name, "broker": "tokyo", "of": "bridge", "name": "wan"}
    return [
        Counted(**told, remote=remote, session=f"to {remote}", counters={"dequeued": number})
        for remote, number in gave.items()
    ]


@pytest.mark.parametrize(("sydney", "outcome"), [(3, Outcome.PASSED), (2, Outcome.UNKNOWN)])
def test_what_all_bridges_of_one_name_gave_was_forwarded(sydney: int, outcome: Outcome) -> None:
    brokers = {name: {"region": name} for name in ("tokyo", "singapore", "sydney")}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": brokers}})
    none = {"enqueued": 0, "forwarded": 0}
    seen = [
        *bridged("start", 0, singapore=5, sydney=0),
        *forwarding("start", 0, tokyo=none, singapore=none, sydney=none),
        *sent(1, count=3),
        *bridged("end", 50, singapore=8, sydney=sydney),
        *forwarding(
            "end",
            50,
            tokyo={"enqueued": 3, "forwarded": 6},
            singapore={"enqueued": 3, "forwarded": 0},
            sydney={"enqueued": 3, "forwarded": 0},
        ),
        Ended(t=60, complete=True),
    ]
    expectation = Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "6"})
    (its,) = judge((expectation,), Streamed(header, seen)).verdicts
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(("gave", "outcome"), [(3, Outcome.PASSED), (0, Outcome.UNKNOWN)])
def test_a_strangers_messages_pass_for_none_that_were_forwarded_where_another_destination_has_gone(
    gave: int, outcome: Outcome
) -> None:
    none = {"enqueued": 0, "forwarded": 0}
    gone = Counted(
        t=0, snapshot="start", broker="tokyo", of="destination", name=QUEUE, counters={"enqueued": 1, "forwarded": 1}
    )
    its = verdict(
        Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "3"}),
        gone,
        *bridged("start", 0, singapore=1),
        *forwarding("start", 0, tokyo=none, singapore=none),
        *sent(1, count=3),
        *bridged("end", 50, singapore=1 + gave),
        *forwarding("end", 50, tokyo={"enqueued": 3, "forwarded": 3}, singapore={"enqueued": 3, "forwarded": 0}),
    )
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize("topic", ["ActiveMQ.Advisory.Connection", "x.>", "x,y"])
def test_of_what_no_snapshot_has_nobody_can_tell(topic: str) -> None:
    """A broker has more advisory topics than any other ones, and no snapshot has them."""
    seen = [*snapshot(0, "start", "tokyo", enqueued=1), *snapshot(50, "end", "tokyo", enqueued=1)]
    of = {"broker": "tokyo", "topic": topic}
    for expectation in (
        Counters.model_validate({**of, "enqueued": "0"}),
        Counters.model_validate({**of, "consumers": "0"}),
        TopicsPage.model_validate({**of, "listed": False, "at": "end"}),
    ):
        its = verdict(expectation, *seen)
        assert its.outcome is Outcome.UNKNOWN, its.reason
    none = Counters.model_validate({**of, "topic": "y", "enqueued": "0"})
    assert verdict(none, *seen).outcome is Outcome.PASSED


LOSES = ClientChanged(t=20, client="ear", broker="singapore", state="lost")


@pytest.mark.parametrize("expectation", [Discarded, Counters])
@pytest.mark.parametrize(
    ("to", "loses", "outcome"),
    [
        (TOPIC, False, Outcome.PASSED),
        (TOPIC, True, Outcome.UNKNOWN),  # and with its connection the bridge's subscription, and its counter
        ("topic://>", False, Outcome.UNKNOWN),  # which is the bridge's too, and no one topic's counter
    ],
)
def test_what_a_bridge_discards_is_counted_of_its_subscription(
    expectation: type[Expectation], to: str, loses: bool, outcome: Outcome
) -> None:
    amount = {"count": "0"} if expectation is Discarded else {"discarded": "0"}
    its = verdict(
        expectation.model_validate({"broker": "tokyo", "topic": "x", **amount}),
        *snapshot(0, "start", "tokyo", enqueued=0, discarded=0),
        subscribed(1, "ear", to).with_fields(broker="singapore"),
        *([LOSES] if loses else []),
        *snapshot(50, "end", "tokyo", enqueued=1, discarded=0),
    )
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize("expectation", [Discarded, Counters])
def test_who_listened_to_a_wildcard_before_both_snapshots_has_no_counter_between_them(
    expectation: type[Expectation],
) -> None:
    amount = {"count": "0"} if expectation is Discarded else {"discarded": "0"}
    its = verdict(
        expectation.model_validate({"broker": "tokyo", "topic": "x", **amount}),
        subscribed(1, "ear", "topic://>").with_fields(broker="singapore"),
        Unsubscribed(t=5, client="ear", broker="singapore", destination="topic://>"),
        *snapshot(10, "start", "tokyo", enqueued=0, discarded=0),
        *snapshot(50, "end", "tokyo", enqueued=1, discarded=0),
    )
    assert its.outcome is Outcome.PASSED, its.reason


@pytest.mark.parametrize("promise", ["exactly-once", "at-least-once"])
def test_what_one_received_a_broker_accepted_and_owes_to_others(promise: str) -> None:
    """The publisher got no arrival; of equal bodies nobody would know which of them came."""
    unknown = [
        each.with_fields(outcome=SendOutcome.UNKNOWN) if isinstance(each, Acknowledged) and each.id == "2-2" else each
        for each in sent(1, count=2)
    ]
    expectation = Delivered.model_validate({"topic": "x", "promise": promise, "to": "b"})
    seen = [subscribed(0, "a"), subscribed(0, "b"), *unknown, received(2, "b")]
    assert verdict(expectation, *seen).outcome is Outcome.UNKNOWN  # its step was to send two
    its = verdict(expectation, *seen, received(3, "a", 2))
    assert (its.outcome, its.reason.partition(",")[0]) == (Outcome.FAILED, "1 of 2 lost on the way to b")


def test_a_send_without_an_acknowledgement_that_somebody_received_got_in() -> None:
    expectation = Unreachable.model_validate({"broker": "tokyo", "why": "not-authorised", "over": "stomp"})
    unknown = [
        each.with_fields(over="stomp") if isinstance(each, Publishing)
        else each.with_fields(outcome=SendOutcome.UNKNOWN) if isinstance(each, Acknowledged)
        else each
        for each in sent(1)
    ]  # fmt: skip
    tried = Approached(
        t=0.5, client="x", broker="tokyo", over="stomp", what="connect", outcome="not-authorised", took=0.1
    )
    seen = [subscribed(0, "ear"), tried, *unknown]
    assert verdict(expectation, *seen).outcome is Outcome.PASSED
    its = verdict(expectation, *seen, received(2, "ear"))
    assert (its.outcome, its.reason) == (Outcome.FAILED, "tokyo accepted 2-1 over stomp, sent at 1.000 s")


@pytest.mark.parametrize(
    ("at_most", "outcome"), [("50%", Outcome.UNKNOWN), ("80%", Outcome.PASSED), ("1", Outcome.UNKNOWN)]
)
def test_shares_are_not_held_while_what_is_pending_may_break_them(at_most: str, outcome: Outcome) -> None:
    shares = {"a": {"at-most": at_most}}
    expectation = Delivered.model_validate({"queue": "x", "promise": "at-most-once", "within": "5s", "shares": shares})
    seen: list[Observation] = [subscribed(0, each, QUEUE, "stomp") for each in ("a", "b")]
    seen += [*sent(57, count=3, destination=QUEUE), received(57.1, "a", destination=QUEUE)]
    its = verdict(expectation, *seen, received(57.2, "b", 2, destination=QUEUE))
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(("late", "outcome"), [(50.0, Outcome.PASSED), (58.0, Outcome.UNKNOWN)])
def test_nothing_came_only_if_it_was_listened_for_long_enough_after_what_has_no_acknowledgement(
    late: float, outcome: Outcome
) -> None:
    expectation = Delivered.model_validate({"topic": "x", "to": "ear", "promise": "nothing", "within": "5s"})
    begun, publishing, *messages, ended = sent(1, count=2)
    messages = [
        each.with_fields(t=late) if isinstance(each, Sent) and each.id == "2-2"
        else each.with_fields(t=late + 0.1, outcome=SendOutcome.UNKNOWN)
        if isinstance(each, Acknowledged) and each.id == "2-2"
        else each
        for each in messages
    ]  # fmt: skip
    told = Achieved(t=59, step=2, did="sent", done=1, broker="tokyo", destination=TOPIC, asked=2, least=1)
    seen = [subscribed(0, "ear"), begun, publishing, *messages, told, ended.with_fields(t=59)]
    its = verdict(expectation, *seen)
    assert its.outcome is outcome, its.reason


def test_what_has_no_acknowledgement_and_was_sent_to_a_lost_connection_could_not_have_come() -> None:
    expectation = Delivered.model_validate({"topic": "x", "to": "ear", "promise": "nothing", "within": "5s"})
    begun, publishing, *messages, ended = sent(1, count=2)
    messages = [each for each in messages if not isinstance(each, Acknowledged) or each.id == "2-1"]
    messages = [each.with_fields(t=12) if isinstance(each, Sent) and each.id == "2-2" else each for each in messages]
    told = Achieved(t=20, step=2, did="sent", done=1, broker="tokyo", destination=TOPIC, asked=2, least=1)
    seen = [subscribed(0, "ear"), begun, publishing, *messages[:2], lost(10), messages[2], told]
    its = verdict(expectation, *seen, ended.with_fields(t=20))
    assert its.outcome is Outcome.PASSED, its.reason

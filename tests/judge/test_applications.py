"""Verdicts on applications, which the lab does not run, by the events of the observers inside the brokers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.times import Latency
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    ConsumerSeen,
    Ended,
    MessageSeen,
    Observation,
    ObserverChanged,
    Publishing,
    Received,
    Sent,
    Subscribed,
    TransactionEnded,
    Watched,
)
from lab.judge import Streamed, judge
from lab.judge.evidence.applications import Applications
from lab.judge.values import Outcome, Verdict

from .test_truth import HEADER

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
CLIENTS = {
    "shop": {"client-id": "shop", "broker": "tokyo", "delivered-when": "acknowledged"},
    "billing": {"client-id": "billing-*", "broker": "singapore", "delivered-when": "acknowledged"},
    "screen": {"client-id": "screen", "delivered-when": "dispatched"},
}
TOPOLOGY = {**HEADER.declared.get("topology", {}), "observe": ["orders"]}
OBSERVED = replace(
    HEADER, runtime="emulation", declared={**HEADER.declared, "topology": TOPOLOGY, "clients": CLIENTS, "steps": []}
)
QUEUE = "queue://orders"
BEGAN = ObserverChanged(t=0, broker="tokyo", state="began", patterns=("orders",))


def sent(t: float, number: int = 1, **more: Any) -> MessageSeen:
    made = MessageSeen(t=t, broker="tokyo", event="sent", message=f"ID:{number}", destination=QUEUE, client_id="shop")
    return made.with_fields(took=0.001, persistent=True, **more)


def subscribed(t: float, consumer: str = "c1", client: str = "billing-1", **more: Any) -> ConsumerSeen:
    made = ConsumerSeen(t=t, broker="singapore", consumer=consumer, state="subscribed", destination=QUEUE)
    return made.with_fields(client_id=client, over="stomp", **more)


def left(t: float, consumer: str = "c1") -> ConsumerSeen:
    return ConsumerSeen(t=t, broker="singapore", consumer=consumer, state="unsubscribed", destination=QUEUE)


def event(t: float, name: str, number: int = 1, consumer: str = "c1", **more: Any) -> MessageSeen:
    made = MessageSeen(t=t, broker="singapore", event=name, message=f"ID:{number}", destination=QUEUE)
    return made.with_fields(consumer=consumer, **more)


def taken(t: float, number: int = 1, consumer: str = "c1", **more: Any) -> list[MessageSeen]:
    return [event(t, "dispatched", number, consumer), event(t + 0.01, "acknowledged", number, consumer, **more)]


def verdict(*seen: Observation | Iterable[Observation], to: str = "billing", promise: str = "exactly-once") -> Verdict:
    """Judge a history of these lines, which ends at 30 s."""
    lines = [line for each in (BEGAN, *seen) for line in ([each] if isinstance(each, Observation) else each)]
    expectation = Delivered.model_validate({"to": to, "queue": "orders", "promise": promise, "within": "5s"})
    (found,) = judge([expectation], Streamed(OBSERVED, [*lines, Ended(t=30.0, complete=True)])).verdicts
    return found


def test_a_message_that_its_application_acknowledged_is_delivered() -> None:
    its = verdict(subscribed(1), sent(2), sent(3, 2), taken(2.1), taken(3.1, 2))
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("2 of 2 reached billing, each once, the slowest in 110.0 ms")


def test_a_message_that_was_never_dispatched_fails_by_its_activemq_id() -> None:
    its = verdict(subscribed(1), sent(2), sent(3, 2), taken(2.1))
    assert its.outcome is FAILED, its.reason
    assert "first ID:2 sent at 3.000 s" in its.reason


def test_an_acknowledgement_that_the_broker_makes_by_itself_proves_nothing() -> None:
    its = verdict(subscribed(1), sent(2), taken(2.1, automatic=True))
    assert its.outcome is UNKNOWN
    assert "the broker acknowledges for billing while it dispatches" in its.reason
    assert "write delivered-when: dispatched" in its.reason


def test_a_message_that_was_never_dispatched_fails_also_where_the_broker_acknowledges_by_itself() -> None:
    its = verdict(subscribed(1), sent(2), sent(3, 2), taken(2.1, automatic=True))
    assert its.outcome is FAILED, its.reason


def test_dispatches_count_where_the_scenario_says_so() -> None:
    screen = subscribed(1, client="screen")
    its = verdict(screen, sent(2), taken(2.1, automatic=True), to="screen")
    assert its.outcome is PASSED, its.reason


def test_one_name_stands_for_all_connections_that_fit_it() -> None:
    both = [subscribed(1), subscribed(1, "c2", "billing-2")]
    its = verdict(both, sent(2), sent(3, 2), taken(2.1), taken(3.1, 2, "c2"))
    assert its.outcome is PASSED, its.reason
    # The second one goes on when the first one has left.
    its = verdict(both, sent(2), taken(2.1), left(2.5), sent(3, 2), taken(3.1, 2, "c2"))
    assert its.outcome is PASSED, its.reason


def test_a_message_that_was_taken_twice_breaks_exactly_once_unless_it_was_redelivered() -> None:
    twice = [subscribed(1), sent(2), *taken(2.1), *taken(2.5)]
    assert verdict(twice).outcome is FAILED
    assert verdict(twice, promise="at-least-once").outcome is PASSED


def test_events_that_an_observer_lost_make_every_verdict_on_messages_unknown() -> None:
    lost = ObserverChanged(t=9, broker="singapore", state="lost", since=8.0, lost_events=3, why="its buffer was full")
    for its in (verdict(subscribed(1), sent(2), taken(2.1), lost), verdict(subscribed(1), sent(2), lost)):
        assert its.outcome is UNKNOWN
        assert its.reason.startswith("the observer of singapore lost 3 events after 8.000 s: its buffer was full")


def test_a_transaction_counts_when_it_is_committed() -> None:
    done = [TransactionEnded(t=4, broker=broker, transaction="t1", committed=True) for broker in ("tokyo", "singapore")]
    undone = [each.with_fields(committed=False) for each in done]
    lines = [subscribed(1), sent(2), *taken(2.1, transaction="t1")]
    assert verdict(lines, done).outcome is PASSED
    assert verdict(lines, undone).outcome is UNKNOWN  # the client had it
    rolled_back = verdict(subscribed(1), sent(2, transaction="t1"), undone)
    assert rolled_back.outcome is UNKNOWN, rolled_back.reason  # no message was accepted


def test_a_send_that_a_broker_refused_is_expected_by_no_application() -> None:
    refused = sent(2, why="SecurityException: not authorized")
    its = verdict(subscribed(1), refused, sent(3, 2), taken(3.1, 2))
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("1 of 1 reached billing")


def test_events_may_be_recorded_in_another_order_than_they_happened() -> None:
    its = verdict(subscribed(1), taken(2.1), sent(2))
    assert its.outcome is PASSED, its.reason


def test_a_selector_may_let_any_message_of_an_application_through() -> None:
    chosen = verdict(subscribed(1, selector="kind = 'a'"), sent(2), taken(2.1))
    assert chosen.outcome is PASSED, chosen.reason
    its = verdict(subscribed(1, selector="kind = 'a'"), sent(2), sent(3, 2), taken(2.1))
    assert its.outcome is UNKNOWN, its.reason
    assert "unknown whether the selector kind = 'a' lets it through" in its.reason


def test_bridges_neither_send_nor_receive_for_an_application() -> None:
    crossing = [
        event(2.02, "dispatched", consumer="b1").with_fields(broker="tokyo", network=True),
        sent(2.05).with_fields(broker="singapore", network=True, client_id="connector"),
        event(2.06, "acknowledged", consumer="b1").with_fields(broker="tokyo", network=True),
    ]
    its = verdict(subscribed(1), sent(2), crossing, taken(2.1))
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("1 of 1 reached billing")


def test_clients_of_the_lab_are_not_counted_twice() -> None:
    own = [
        Subscribed(t=0.5, client="billing", broker="singapore", over="stomp", destination=QUEUE, step=1),
        Publishing(
            t=1.5, step=2, client="publisher", broker="tokyo", over="stomp", destination=QUEUE, persistent=True,
            body="generated", count=1,
        ),
        Sent(t=2, id="2-1"),
        Acknowledged(t=2.01, id="2-1"),
        Received(t=2.1, client="billing", destination=QUEUE, id="2-1"),
    ]  # fmt: skip
    observed = [
        subscribed(0.5, client=f"mqlab-{HEADER.run}-billing"),
        sent(2).with_fields(client_id=f"mqlab-{HEADER.run}-publisher"),
        *taken(2.1),
    ]
    its = verdict(own, observed)
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("1 of 1 reached billing")


def test_a_broker_that_is_stopped_has_no_consumers() -> None:
    stopped = BrokerChanged(t=2.5, broker="singapore", state="stopped")
    its = verdict(subscribed(1), sent(2), stopped)
    assert its.outcome is UNKNOWN, its.reason


@pytest.mark.parametrize("client", ["billing-[x]", 'billing-"\n', "billing-" + "9" * 300])
def test_a_client_id_is_compared_as_text(client: str) -> None:
    its = verdict(subscribed(1, client=client), sent(2), taken(2.1))
    assert its.outcome is PASSED, its.reason


def test_several_connections_of_one_name_on_a_topic_cannot_be_told_apart() -> None:
    topic = {"destination": "topic://orders"}
    both = [subscribed(1).with_fields(**topic), subscribed(1, "c2", "billing-2").with_fields(**topic)]
    lines = [BEGAN, *both, sent(2).with_fields(**topic), *(each.with_fields(**topic) for each in taken(2.1))]
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    (its,) = judge([expectation], Streamed(OBSERVED, [*lines, Ended(t=30.0, complete=True)])).verdicts
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("several connections of billing subscribe to topic://orders")


@pytest.mark.parametrize(
    ("cleared", "outcome", "words"),
    [
        ({"bytes": 5}, FAILED, "1 of 1 did not reach billing, first ID:2"),
        ({"bytes": 0}, UNKNOWN, "nothing was sent to topic://orders while billing listened"),
        ({"bytes": 0, "over": "stomp+ssl"}, UNKNOWN, "a broker retained it, unless its body is empty"),
        ({"over": "amqp+ssl"}, UNKNOWN, "a broker retained it, unless its body is empty"),
    ],
)
def test_an_empty_retained_message_of_mqtt_deletes_the_one_before_it(
    cleared: dict[str, Any], outcome: Outcome, words: str
) -> None:
    topic = {"destination": "topic://orders"}
    kept = sent(2, retain=True, bytes=5, over="mqtt+ssl").with_fields(**topic)
    later = sent(3, 2, retain=True).with_fields(**topic, **{"over": "mqtt+ssl", **cleared})
    late = subscribed(5).with_fields(**topic, over="mqtt+ssl")
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    lines = [BEGAN, kept, later, late, Ended(t=30.0, complete=True)]
    (its,) = judge([expectation], Streamed(OBSERVED, lines)).verdicts
    assert its.outcome is outcome and words in its.reason, its.reason


@pytest.mark.parametrize(
    ("sender", "more", "outcome", "words"),
    [
        ("billing-1", {}, FAILED, "1 of 1 lost on the way to billing"),
        ("billing-1", {"no_local": True}, UNKNOWN, "nothing but messages of billing itself, which noLocal keeps out"),
        (
            "billing-1",
            {"no_local": True, "durable": "d"},
            UNKNOWN,
            "with noLocal, billing gets no message that the same",
        ),
        ("billing-2", {"no_local": True}, UNKNOWN, "with noLocal, billing gets no message that the same connection"),
        ("shop-7", {"no_local": True}, FAILED, "1 of 1 lost on the way to billing"),
    ],
)
def test_a_consumer_with_no_local_is_not_expected_to_receive_its_own_messages(
    sender: str, more: dict[str, Any], outcome: Outcome, words: str
) -> None:
    topic = {"destination": "topic://orders"}
    own = sent(2).with_fields(**topic, client_id=sender, broker="singapore")
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    lines = [BEGAN, subscribed(1, **more).with_fields(**topic), own, Ended(t=30.0, complete=True)]
    (its,) = judge([expectation], Streamed(OBSERVED, lines)).verdicts
    assert its.outcome is outcome and words in its.reason, its.reason


def test_a_queues_consumer_with_no_local_may_leave_its_own_messages_to_others() -> None:
    own = sent(2).with_fields(client_id="billing-1", broker="singapore")
    its = verdict(subscribed(1, no_local=True), own, sent(3, 2), taken(3.1, 2))
    assert its.outcome is UNKNOWN and "with noLocal" in its.reason, its.reason
    its = verdict(subscribed(1, no_local=True), sent(3, 2), taken(3.1, 2))
    assert its.outcome is PASSED, its.reason


def test_a_durable_subscription_expects_messages_until_it_is_removed() -> None:
    topic = {"destination": "topic://orders"}
    durable = subscribed(1, durable="d").with_fields(**topic)
    gone = left(2)
    removed = ConsumerSeen(t=3, broker="singapore", consumer="", state="forgotten", client_id="billing-1", durable="d")
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    back = durable.with_fields(t=5, consumer="c2")
    end = Ended(t=30.0, complete=True)
    first = [sent(1.5).with_fields(**topic), *(each.with_fields(**topic) for each in taken(1.6))]
    later = sent(4, 2).with_fields(**topic)
    (kept,) = judge([expectation], Streamed(OBSERVED, [BEGAN, durable, *first, gone, later, back, end])).verdicts
    assert kept.outcome is FAILED, kept.reason
    lines = [BEGAN, durable, *first, gone, removed, later, back, end]
    (over,) = judge([expectation], Streamed(OBSERVED, lines)).verdicts
    assert over.outcome is PASSED, over.reason


def test_a_delivery_may_precede_its_sending_by_the_error_of_two_clocks() -> None:
    its = verdict(subscribed(1), sent(2), taken(1.98))
    assert its.outcome is PASSED, its.reason


def test_a_client_with_the_name_of_another_one_is_not_taken_for_it() -> None:
    stranger = subscribed(1, "c2", "billing").with_fields(broker="tokyo")
    its = verdict(subscribed(1), stranger, sent(2), taken(2.1))
    assert its.outcome is PASSED, its.reason


def test_a_broker_that_was_killed_may_have_had_events_that_were_not_read() -> None:
    its = verdict(subscribed(1), sent(2), taken(2.1), BrokerChanged(t=20, broker="singapore", state="killed"))
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("the observer of singapore lost events after 20.000 s: it was killed")


def lab_client(client: str) -> Subscribed:
    """Make known that a name is a client of the lab."""
    return Subscribed(t=0.5, client=client, broker="singapore", over="stomp", destination="queue://other", step=1)


def test_an_application_that_receives_messages_of_the_lab_is_not_judged() -> None:
    of_lab = sent(2).with_fields(client_id=f"mqlab-{HEADER.run}-publisher")
    its = verdict(lab_client("publisher"), subscribed(1), sent(1.5, 2), taken(1.6, 2), of_lab, taken(2.1))
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("billing also receives messages of the lab's own clients")


def test_an_application_that_shares_its_queue_with_the_lab_is_not_judged() -> None:
    listener = subscribed(0.9, "c9", f"mqlab-{HEADER.run}-listener")
    its = verdict(lab_client("listener"), listener, subscribed(1), sent(2), taken(2.1), sent(3, 2), taken(3.1, 2, "c9"))
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("clients of the lab take messages of applications from queue://orders")


def test_a_delivery_whose_sending_no_observer_saw_decides_nothing_and_damages_nothing() -> None:
    its = verdict(subscribed(1), sent(2), taken(2.1), taken(3, 9))
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("billing received messages, and no observer saw who sent them")
    its = verdict(subscribed(1), sent(2), taken(2.1), taken(29.5, 9))  # no event comes after the end
    assert its.outcome is UNKNOWN, its.reason


def test_an_observer_that_does_not_answer_leaves_every_verdict_on_messages_unknown_until_it_does() -> None:
    silent = ObserverChanged(t=9, broker="singapore", state="silent", since=8.0, why="it does not answer")
    for its in (verdict(subscribed(1), sent(2), taken(2.1), silent), verdict(subscribed(1), sent(2), silent)):
        assert its.outcome is UNKNOWN
        assert its.reason.startswith("the observer of singapore has not answered since 8.000 s")
    answering = ObserverChanged(t=20, broker="singapore", state="answering")
    its = verdict(subscribed(1), sent(2), silent, answering, taken(2.1))
    assert its.outcome is PASSED, its.reason


CLOCK = [
    ObserverChanged(t=0, broker=broker, state="clock", clock_error=error)
    for broker, error in (("tokyo", 0.2), ("singapore", 0.3))
]


@pytest.mark.parametrize(
    ("t", "outcome", "words"),
    [
        (6.4, PASSED, "1 of 1 reached billing"),
        (
            6.8,
            UNKNOWN,
            "ID:1, sent at 2.000 s, took 4.8 s to billing, give or take 0.5 s as the brokers' clocks differ",
        ),
        (7.3, UNKNOWN, "it is unknown whether it was late (allowed are 5s)"),
        (7.6, FAILED, "1 late to billing"),
    ],
)
def test_a_message_is_late_or_in_time_only_beyond_the_error_of_the_brokers_clocks(
    t: float, outcome: Outcome, words: str
) -> None:
    its = verdict(CLOCK, subscribed(1), sent(2), taken(t))
    assert its.outcome is outcome and words in its.reason, its.reason
    latency = Latency.model_validate({"to": "billing", "max": "5s"})
    lines = [*CLOCK, subscribed(1), sent(2), *taken(t), Ended(t=30.0, complete=True)]
    (its,) = judge([latency], Streamed(OBSERVED, lines)).verdicts
    assert its.outcome is outcome, its.reason
    latency = Latency.model_validate({"to": "billing", "at-least": "5s"})
    (its,) = judge([latency], Streamed(OBSERVED, lines)).verdicts
    assert its.outcome is {PASSED: FAILED, FAILED: PASSED}.get(outcome, UNKNOWN), its.reason


def test_a_message_did_not_come_in_time_only_if_the_brokers_clocks_allow_no_more() -> None:
    for t, outcome in ((24.2, FAILED), (24.8, UNKNOWN)):
        assert verdict(CLOCK, subscribed(1), sent(t)).outcome is outcome


def test_while_a_lab_runs_the_last_events_of_another_broker_may_not_be_in_its_history_yet() -> None:
    running = replace(OBSERVED, standing=True)
    expectation = Delivered.model_validate({"to": "billing", "queue": "orders", "promise": "exactly-once"})
    soon = expectation.model_copy(update={"within": timedelta(seconds=1)})
    for t, outcome in ((8.6, UNKNOWN), (7.4, FAILED)):
        lines = [BEGAN, Watched(t=5), subscribed(6), sent(t), Watched(t=10)]
        (its,) = judge([soon], Streamed(running, lines)).verdicts
        assert its.outcome is outcome, its.reason
    received = [BEGAN, Watched(t=5), subscribed(6), sent(8.6), sent(9, 2), *taken(9.1, 2), Watched(t=10)]
    (its,) = judge([soon], Streamed(running, received)).verdicts
    assert its.outcome is UNKNOWN, its.reason
    assert "when billing was last known to listen at 8.500 s" in its.reason, its.reason


def test_an_observer_that_falls_silent_after_the_judged_interval_changes_nothing() -> None:
    silent = ObserverChanged(t=9, broker="singapore", state="silent", since=8.0, why="it does not answer")
    applications = Applications(OBSERVED, {})
    list(applications.of([BEGAN, subscribed(1), silent]))
    assert applications.gap(0.0, 7.0) == ""
    assert applications.gap(0.0, 8.5) != ""


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([event(2.2, "dead-lettered", why="Throwable: rejected")], "it became a dead letter at singapore: Throwable"),
        ([event(2.2, "discarded")], "it was discarded at singapore"),
        ([event(2.2, "discarded", network=True).with_fields(consumer="b1")], "it was discarded at singapore for a"),
        ([], "it waits at tokyo on queue://orders"),
        ([sent(2.05).with_fields(broker="singapore", network=True)], "it waits at singapore on queue://orders"),
    ],
)  # fmt: skip
def test_a_failed_delivery_names_the_end_or_the_place_of_its_message(events: list[Observation], words: str) -> None:
    its = verdict(subscribed(1), sent(2), sent(3, 2), taken(3.1, 2), events)
    assert its.outcome is FAILED, its.reason
    assert "sent at 2.000 s" in its.reason and f"; {words}" in its.reason, its.reason


def test_a_message_that_its_client_rejected_fails() -> None:
    rejected = [event(2.1, "dispatched"), event(2.2, "rejected"), event(2.3, "dead-lettered", why="rejected")]
    its = verdict(subscribed(1), sent(2), sent(3, 2), taken(3.1, 2), rejected)
    assert its.outcome is FAILED, its.reason
    assert "it became a dead letter at singapore" in its.reason


STAR, CHAIN = ("tokyo singapore", "tokyo dublin"), ("tokyo dublin", "dublin singapore")


@pytest.mark.parametrize(
    ("hops", "bridge", "words"),
    [
        (STAR, "wan_singapore_inbound_tokyo", "; it was discarded at tokyo for the bridge to singapore"),
        (STAR, "wan_dublin_inbound_tokyo", ""),
        (STAR, "wan_osaka_inbound_tokyo", ""),
        (CHAIN, "wan_dublin_inbound_tokyo", "; it was discarded at tokyo for the bridge to dublin"),
        (("tokyo singapore", *CHAIN), "wan_dublin_inbound_tokyo", ""),
    ],
)
def test_a_discard_is_a_cause_only_for_clients_to_which_its_bridge_leads(
    hops: tuple[str, ...], bridge: str, words: str
) -> None:
    topic = {"destination": "topic://orders"}
    ends = [
        BridgeSeen(
            t=0, connector="wan", broker=broker, remote=remote, remote_address="", created_by_duplex=False, up=True
        )
        for broker, _, remote in (hop.partition(" ") for hop in hops)
    ]
    discarded = event(2.1, "discarded", network=True, consumer="b1", client_id=bridge)
    before = [subscribed(1, durable="d"), sent(1.5, 2), *taken(1.6, 2)]
    lines = [
        BEGAN, *ends, *(each.with_fields(**topic) for each in before),
        *(each.with_fields(**topic) for each in (sent(2), discarded.with_fields(broker="tokyo"))),
        Ended(t=30.0, complete=True),
    ]  # fmt: skip
    expectation = Delivered.model_validate({"to": "billing", "topic": "orders", "promise": "exactly-once"})
    (its,) = judge([expectation], Streamed(OBSERVED, lines)).verdicts
    assert its.outcome is FAILED, its.reason
    assert ("discarded" in its.reason) is bool(words) and words in its.reason, its.reason


def test_several_messages_have_their_causes_with_counts() -> None:
    dead = [event(4, "dead-lettered", number, why=f"Throwable: Expiration:{number}") for number in (1, 2)]
    its = verdict(subscribed(1), sent(2), sent(2.5, 2), sent(3, 3), dead)
    assert its.outcome is FAILED, its.reason
    assert its.reason.endswith(
        "; by the observers' events 2 messages became dead letters at singapore (first: Throwable: Expiration:1) and "
        "1 message waits at tokyo on queue://orders"
    ), its.reason


def test_no_place_is_named_that_the_message_has_left() -> None:
    gone = event(2.1, "acknowledged", consumer="b1", network=True).with_fields(broker="tokyo")
    assert "waits at" not in verdict(subscribed(1), sent(2), gone).reason
    stopped = BrokerChanged(t=2.5, broker="tokyo", state="stopped")
    assert "waits at" not in verdict(subscribed(1), sent(2), stopped).reason


def test_a_message_that_an_observer_saw_expire_did_not_reach_a_client_that_listened() -> None:
    brief = sent(2, lifetime=3.0)
    assert verdict(subscribed(1), brief).outcome is UNKNOWN
    expired = event(6, "expired", consumer="")
    its = verdict(subscribed(1), brief, expired.with_fields(broker="tokyo"))
    assert its.outcome is FAILED, its.reason
    assert "; it expired at tokyo" in its.reason
    elsewhere = verdict(subscribed(1), brief, expired.with_fields(destination="queue://copies"))
    assert elsewhere.outcome is UNKNOWN, elsewhere.reason
    too_late = verdict(subscribed(6), brief, expired)
    assert too_late.outcome is UNKNOWN and "was over before billing listened" in too_late.reason, too_late.reason

"""The way of one message of an application, by the events of observers."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.history import (
    BrokerChanged,
    ConsumerSeen,
    MessageSeen,
    Observation,
    ObserverChanged,
    TransactionEnded,
)
from lab.report.trace import Trace, trace

ID = "ID:tokyo-41-1:1:1:1"
BEGAN = [ObserverChanged(t=0, broker=broker, state="began", patterns=("orders",)) for broker in ("tokyo", "singapore")]


def seen(t: float, broker: str, event: str, **fields: object) -> MessageSeen:
    made = MessageSeen(t=t, broker=broker, event=event, message=ID, destination="queue://orders")
    return made.with_fields(**fields)


SENT = seen(1.0, "tokyo", "sent", client_id="shop", over="mqtt+ssl")
TO_BRIDGE = seen(1.1, "tokyo", "dispatched", client_id="C", network=True)
ARRIVED = seen(42.0, "singapore", "sent", client_id="C", network=True)
FORWARDED = seen(42.1, "tokyo", "acknowledged", client_id="C", network=True)
GIVEN = seen(42.2, "singapore", "dispatched", client_id="billing-2")
DONE = seen(42.3, "singapore", "acknowledged", client_id="billing-2")


def way(*observations: Observation, wanted: str = ID) -> Trace:
    return trace([*BEGAN, *observations], wanted)


def test_a_message_that_an_application_has_does_not_wait_for_the_bridges_acknowledgement() -> None:
    late = FORWARDED.with_fields(t=50.0)
    texts = [row.text for row in way(SENT, TO_BRIDGE, ARRIVED, GIVEN, DONE, late).rows]
    assert [text for text in texts if "waited" in text] == ["the message waited 40.9 s"]


def test_a_message_is_followed_across_a_bridge_with_its_waits() -> None:
    found = way(SENT, TO_BRIDGE, ARRIVED, FORWARDED, GIVEN, DONE)
    assert [(row.actor, row.text) for row in found.rows] == [
        ("tokyo", "accepted it from shop on queue://orders"),
        ("tokyo", "dispatched it from queue://orders to the bridge C"),
        ("tokyo", "the message waited 40.9 s"),
        ("singapore", "accepted it from the bridge C on queue://orders"),
        ("tokyo", "the bridge C acknowledged it on queue://orders"),
        ("singapore", "dispatched it from queue://orders to billing-2"),
        ("singapore", "billing-2 acknowledged it on queue://orders"),
    ]
    assert found.outcome == "acknowledged by billing-2 at singapore"


@pytest.mark.parametrize(
    ("observations", "outcome"),
    [
        ([SENT], "it waits at tokyo on queue://orders"),
        ([SENT, TO_BRIDGE, ARRIVED, FORWARDED], "it waits at singapore on queue://orders"),
        ([SENT, TO_BRIDGE, ARRIVED, GIVEN], "dispatched to billing-2 at singapore, and not acknowledged"),
        ([SENT, seen(9, "tokyo", "expired")], "it expired at tokyo"),
        ([SENT, seen(9, "tokyo", "dead-lettered", why="poison")], "it became a dead letter at tokyo: poison"),
        ([SENT.with_fields(why="SecurityException: no")], "tokyo refused it: SecurityException: no"),
        ([GIVEN], "dispatched to billing-2 at singapore, and not acknowledged"),
        (
            [SENT, seen(2, "tokyo", "dispatched", client_id="a"), DONE.with_fields(transaction="t1")],
            "dispatched to a at tokyo, and not acknowledged",
        ),
        (
            [SENT.with_fields(destination="topic://prices")],
            "tokyo accepted it, and dispatched it to no client",
        ),
    ],
)
def test_the_outcome_is_what_the_events_prove(observations: list[Observation], outcome: str) -> None:
    assert way(*observations).outcome == outcome


def test_nothing_is_said_to_wait_where_events_are_missing() -> None:
    lost = ObserverChanged(t=3, broker="tokyo", state="lost", since=2.0, why="its buffer of events was full")
    found = way(SENT, lost)
    assert found.outcome == "unknown, since events are missing"
    assert found.gaps == ("tokyo lost events after 2.000 s: its buffer of events was full",)


def test_nothing_is_said_to_wait_at_a_broker_that_does_not_answer() -> None:
    silent = ObserverChanged(t=3, broker="tokyo", state="silent", since=2.0)
    found = way(SENT, silent)
    assert found.outcome == "unknown, since events are missing"
    assert found.gaps == ("tokyo has not answered since 2.000 s",)
    answering = ObserverChanged(t=4, broker="tokyo", state="answering")
    assert way(SENT, silent, answering).outcome == "it waits at tokyo on queue://orders"


def test_a_gap_before_the_message_was_sent_changes_nothing() -> None:
    lost = ObserverChanged(t=0.5, broker="tokyo", state="lost", since=0.2, why="its buffer of events was full")
    assert way(lost, SENT).outcome == "it waits at tokyo on queue://orders"


@pytest.mark.parametrize("wanted", [ID, "41-1", "order-7", "last:orders"])
def test_a_message_is_found_by_a_part_of_its_ids_or_as_the_last(wanted: str) -> None:
    assert way(SENT.with_fields(correlation="order-7"), wanted=wanted).message == ID


def test_errors_say_what_to_write() -> None:
    other = SENT.with_fields(message="ID:tokyo-41-2:1:1:1")
    with pytest.raises(InputError, match="2 messages have ID:tokyo-41 in their ids"):
        way(SENT, other, wanted="ID:tokyo-41")
    with pytest.raises(InputError, match="no message with nowhere in its id"):
        way(SENT, wanted="nowhere")
    with pytest.raises(InputError, match=r"no application sent a message to prices\n  .* such as last:orders"):
        way(SENT, wanted="last:prices")
    with pytest.raises(InputError, match=r"no application sent a message to orders\n  start an application"):
        way(SENT.with_fields(network=True), wanted="last:orders")
    with pytest.raises(InputError, match=r"did you mean last:orders\?"):
        way(SENT, wanted="last:ordrs")
    with pytest.raises(InputError, match="no broker of this run was observed"):
        trace([SENT], ID)


def test_an_acknowledgement_in_a_transaction_counts_when_it_is_committed() -> None:
    done = DONE.with_fields(transaction="t1")
    committed = TransactionEnded(t=43, broker="singapore", transaction="t1", committed=True)
    assert way(SENT, GIVEN, done, committed).outcome == "acknowledged by billing-2 at singapore"
    undone = committed.with_fields(committed=False)
    assert way(SENT, GIVEN, done, undone).outcome == "dispatched to billing-2 at singapore, and not acknowledged"


STOPPED = BrokerChanged(t=50, broker="tokyo", state="stopped")
AGAIN = SENT.with_fields(t=60.0, over="amqp+ssl")
EXPIRED = seen(70, "singapore", "expired", destination="queue://copies")
SUPPRESSED = seen(43, "singapore", "dead-lettered", why="duplicate from store")
READ = seen(44, "singapore", "acknowledged", destination="queue://ActiveMQ.DLQ", client_id="undertaker")
TO_SCREEN = GIVEN.with_fields(destination="topic://orders", client_id="screen", consumer="c2")
TO_BOTH = [each.with_fields(destination="topic://orders", consumer="c1") for each in (SENT, GIVEN, DONE)]
GONE = ConsumerSeen(t=48, broker="singapore", consumer="c1", state="unsubscribed")


@pytest.mark.parametrize(
    ("observations", "outcome"),
    [
        ([SENT, STOPPED], "it was at tokyo, was not stored, and tokyo stopped at 50.000 s"),
        ([SENT.with_fields(persistent=True), STOPPED], "it waits at tokyo on queue://orders"),
        (
            [SENT, TO_BRIDGE, ARRIVED, FORWARDED, GIVEN, DONE, AGAIN],
            "acknowledged by billing-2 at singapore; it waits at tokyo on queue://orders",
        ),
        (
            [SENT, TO_BRIDGE, ARRIVED, GIVEN, DONE, TO_BRIDGE.with_fields(t=44), ARRIVED.with_fields(t=45)],
            "acknowledged by billing-2 at singapore; a second copy may wait at singapore on queue://orders",
        ),
        (
            [*TO_BOTH, TO_SCREEN],
            "acknowledged by billing-2 at singapore; dispatched to screen at singapore, and not acknowledged",
        ),
        (
            [SENT.with_fields(destination="queue://orders,copies"), TO_BRIDGE, ARRIVED, FORWARDED, GIVEN, EXPIRED],
            "it expired at singapore on queue://copies; "
            "dispatched to billing-2 at singapore on queue://orders, and not acknowledged",
        ),
        (
            [SENT, ARRIVED, GIVEN, SUPPRESSED],
            "it became a dead letter at singapore: duplicate from store; "
            "dispatched to billing-2 at singapore, and not acknowledged",
        ),
        ([SENT, ARRIVED, FORWARDED, GIVEN.with_fields(consumer="c1"), GONE], "it waits at singapore on queue://orders"),
        ([SENT, TO_BRIDGE, FORWARDED], "a bridge took it from tokyo"),
    ],
)
def test_the_outcome_is_that_of_each_copy(observations: list[Observation], outcome: str) -> None:
    assert way(*observations).outcome == outcome


def test_nothing_is_said_to_wait_at_a_broker_that_was_killed() -> None:
    found = way(SENT, BrokerChanged(t=3, broker="tokyo", state="killed"))
    assert found.outcome == "unknown, since events are missing"
    assert found.gaps == ("tokyo lost events after 3.000 s: it was killed, perhaps with events that were not read",)


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        (("queue://billing",), "it waits at tokyo on queue://billing"),
        ((), "tokyo accepted it on queue://orders, and a configuration decides where it goes"),
    ],
)
def test_a_message_waits_where_a_configuration_forwards_it_to(to: tuple[str, ...], outcome: str) -> None:
    assert trace([*BEGAN, SENT], ID, lambda broker, destination: to).outcome == outcome

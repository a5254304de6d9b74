"""The observer in a simulated broker: which events it makes of each case, as docker/broker/observer does."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from lab.history import MessageSeen
from lab.runtime.observer_events import Acknowledgement, Event
from lab.simulation.broker.session import Refused
from lab.simulation.broker.settings import Costs

from .bench import MS, SECOND, Bench, configuration, policy
from .test_broker import RIGHTS


def events(bench: Bench, *names: str) -> list[tuple[str, str, str]]:
    """Return the events about messages, or those of some names, in their order: event, message, destination."""
    about_messages = [event for event in bench.events if isinstance(event, MessageSeen | Acknowledgement)]
    ours = [event for event in about_messages if not names or name_of(event) in names]
    return [(name_of(event), event.message.rpartition(":")[2], event.destination) for event in ours]


def name_of(event: Event) -> str:
    if isinstance(event, Acknowledgement):
        return "acknowledged"
    return event.event if isinstance(event, MessageSeen) else getattr(event, "state", "")


def named(bench: Bench, name: str) -> list[Any]:
    return [event for event in bench.events if name_of(event) == name]


def only(bench: Bench, name: str) -> Any:
    (event,) = named(bench, name)
    return event


def test_a_broker_without_an_observer_makes_no_event() -> None:
    bench = Bench()
    taker = bench.subscribe("queue://orders")
    bench.send("queue://orders", "tea")
    assert (taker.bodies, bench.events) == (["tea"], [])


def test_a_message_is_sent_dispatched_and_acknowledged_by_its_id() -> None:
    bench = Bench(observe=["orders"])
    bench.subscribe("queue://orders", by=bench.login("billing"))
    bench.send("queue://orders", "tea", expires=5 * SECOND)
    assert events(bench) == [
        ("dispatched", "2", "queue://orders"),
        ("acknowledged", "2", "queue://orders"),
        ("sent", "2", "queue://orders"),
    ]
    sent = only(bench, "sent")
    assert (sent.client_id, sent.over, sent.persistent, sent.bytes) == ("sender", "stomp", True, 3)
    assert (sent.digest, sent.lifetime) == (sha256(b"tea").hexdigest(), 5.0)
    assert only(bench, "subscribed").client_id == "billing"


def test_an_acknowledgement_within_its_dispatch_is_the_brokers_own() -> None:
    bench = Bench(observe=["orders"])
    bench.subscribe("queue://orders")
    bench.send("queue://orders", "tea")
    assert only(bench, "acknowledged").automatic
    bench = Bench(observe=["orders"])
    late = bench.subscribe("queue://orders", acknowledges=False)
    bench.send("queue://orders", "tea")
    assert not events(bench, "acknowledged")
    late.acknowledge(late.had[0])
    assert not only(bench, "acknowledged").automatic


@pytest.mark.parametrize("pattern", ["queue:orders.>", "orders.*", ">"])
def test_a_pattern_without_a_kind_covers_queues_and_topics(pattern: str) -> None:
    bench = Bench(observe=[pattern])
    bench.send("queue://orders.tea", "1")
    bench.send("topic://orders.tea", "2")
    bench.send("queue://private" if pattern != ">" else "temp-queue://ID:1", "3")
    both = [("sent", "1", "queue://orders.tea"), ("sent", "2", "topic://orders.tea")]
    assert events(bench) == (both[:1] if pattern.startswith("queue:") else both)


def test_a_consumer_of_a_pattern_has_events_of_observed_messages_alone() -> None:
    bench = Bench(observe=["orders.tea"])
    bench.subscribe("topic://orders.>")
    bench.send("topic://orders.milk", "1")
    bench.send("topic://orders.tea", "2")
    assert only(bench, "subscribed").destination == "topic://orders.>"
    assert [*dict.fromkeys(message for _, message, _ in events(bench))] == [only(bench, "sent").message[-1]]
    assert only(bench, "dispatched").destination == "topic://orders.tea"


def test_each_subscriber_of_a_topic_has_a_dispatch() -> None:
    bench = Bench(observe=["prices"])
    for _ in range(3):
        bench.subscribe("topic://prices")
    bench.send("topic://prices", "1", persistent=False)
    assert [event for event, _, _ in events(bench)] == [*["dispatched", "acknowledged"] * 3, "sent"]


def test_a_consumer_that_left_gives_its_message_to_the_next_which_is_a_redelivery() -> None:
    bench = Bench(observe=["orders"])
    first = bench.login("first")
    bench.subscribe("queue://orders", by=first, acknowledges=False)
    bench.send("queue://orders", "tea")
    first.close()
    bench.subscribe("queue://orders", by=bench.login("second"))
    names = [name_of(event) for event in bench.events if name_of(event) not in ("connected", "sent")]
    assert names == [
        *("subscribed", "dispatched", "unsubscribed", "disconnected"),
        *("subscribed", "dispatched", "acknowledged"),
    ]
    assert [event.redelivered for event in named(bench, "dispatched")] == [0, 1]


def test_a_durable_subscription_is_resumed_and_forgotten_by_its_name() -> None:
    bench = Bench(observe=["prices"])
    ann = bench.login("ann")
    bench.subscribe("topic://prices", by=ann, durable="mine")
    ann.close()
    bench.send("topic://prices", "1")
    ann = bench.login("ann")
    taker = bench.subscribe("topic://prices", by=ann, durable="mine")
    assert taker.bodies == ["1"]
    ann.close()
    bench.broker.forget("ann", "mine", by=bench.sender)
    names = [name_of(event) for event in bench.events if name_of(event) not in ("connected", "disconnected")]
    assert names == [
        *("subscribed", "unsubscribed", "sent", "subscribed", "dispatched", "acknowledged"),
        *("unsubscribed", "forgotten"),
    ]
    assert only(bench, "forgotten").durable == "mine"


def test_a_retained_message_is_dispatched_as_such() -> None:
    bench = Bench(observe=["prices"])
    bench.send("topic://prices", "1", retain=True)
    bench.subscribe("topic://prices", retroactive=True)
    assert only(bench, "sent").retain
    assert only(bench, "dispatched").retain


def test_a_copy_of_a_virtual_topic_is_no_sending_and_names_its_queue() -> None:
    bench = Bench(observe=[">"])
    bench.subscribe("queue://Consumer.a.VirtualTopic.prices")
    bench.send("topic://VirtualTopic.prices", "1")
    assert events(bench) == [
        ("dispatched", "2", "queue://Consumer.a.VirtualTopic.prices"),
        ("acknowledged", "2", "queue://Consumer.a.VirtualTopic.prices"),
        ("sent", "2", "topic://VirtualTopic.prices"),
    ]


def test_a_composite_name_is_one_sending_and_a_dispatch_for_each_part() -> None:
    bench = Bench(observe=["a"])
    for part in "ab":
        bench.subscribe(f"queue://{part}")
    bench.send("queue://a,b", "1")
    assert [(event, destination) for event, _, destination in events(bench)] == [
        ("dispatched", "queue://a"),
        ("acknowledged", "queue://a"),
        ("sent", "queue://a,b"),
    ]


def test_a_persistent_message_that_expires_becomes_a_dead_letter_with_its_id() -> None:
    bench = Bench(policy('<policyEntry queue=">" expireMessagesPeriod="1000"/>'), observe=["orders"])
    bench.send("queue://orders", "tea", expires=500 * MS)
    bench.wait(2 * SECOND)
    assert events(bench) == [
        ("sent", "1", "queue://orders"),
        ("expired", "1", "queue://orders"),
        ("sent", "1", "queue://ActiveMQ.DLQ"),
        ("dead-lettered", "1", "queue://orders"),
    ]
    _, letter = named(bench, "sent")
    assert (letter.client_id, letter.over, letter.original) == ("", "vm", "queue://orders")
    assert letter.why.startswith("java.lang.Throwable: Message Expired.")


def test_a_message_that_is_not_persistent_expires_and_is_discarded() -> None:
    bench = Bench(policy('<policyEntry queue=">" expireMessagesPeriod="1000"/>'), observe=["orders"])
    bench.send("queue://orders", "tea", persistent=False, expires=500 * MS)
    bench.wait(2 * SECOND)
    assert [event for event, _, _ in events(bench)] == ["sent", "expired", "discarded"]


def test_a_slow_consumer_has_its_oldest_message_discarded() -> None:
    limit = (
        '<pendingMessageLimitStrategy><constantPendingMessageLimitStrategy limit="1"/></pendingMessageLimitStrategy>'
    )
    bench = Bench(policy(f'<policyEntry topic=">">{limit}</policyEntry>'), observe=["prices"])
    bench.subscribe("topic://prices", acknowledges=False, prefetch=1)
    bench.send("topic://prices", "1", "2", "3", persistent=False)
    discarded = only(bench, "discarded")
    assert discarded.message == named(bench, "sent")[1].message
    assert discarded.consumer == only(bench, "subscribed").consumer
    assert discarded.why.startswith("Throwable: TopicSubDiscard.")


def test_a_message_that_its_consumer_rejects_is_a_dead_letter() -> None:
    bench = Bench(observe=["orders"])
    taker = bench.subscribe("queue://orders", acknowledges=False)
    bench.send("queue://orders", "tea")
    assert taker.subscription is not None
    taker.subscription.reject(taker.had[0].token)
    bench.wait()
    assert only(bench, "acknowledged").kind == "poison"
    assert only(bench, "dead-lettered").destination == "queue://orders"


def test_a_browser_is_a_consumer_whose_messages_stay() -> None:
    bench = Bench(observe=["orders"])
    bench.send("queue://orders", "tea")
    bench.broker.browse("queue://orders", by=bench.sender, consumer="browser")
    names = [name_of(event) for event in bench.events if name_of(event) not in ("connected", "sent")]
    assert names == ["subscribed", "dispatched", "acknowledged", "unsubscribed"]
    assert only(bench, "subscribed").browser and only(bench, "acknowledged").automatic
    assert {only(bench, name).consumer for name in names} == {"browser"}


def test_an_amqp_message_has_no_size_since_its_encoding_is_not_modelled() -> None:
    bench = Bench(observe=["orders"])
    bench.send("queue://orders", "tea", encoded=True)
    assert (only(bench, "sent").bytes, only(bench, "sent").digest) == (None, None)


def test_a_refused_sending_and_a_refused_consumer_have_their_reason() -> None:
    bench = Bench(configuration(RIGHTS), observe=["orders"])
    bob = bench.login("bob", "bob")
    bench.send("queue://orders", "tea", by=bob)
    with pytest.raises(Refused):
        bench.subscribe("queue://orders", by=bob)
    assert only(bench, "sent").why.startswith("SecurityException: ")
    assert only(bench, "unsubscribed").error == only(bench, "sent").why.replace("write to", "read from")


def test_a_message_that_was_not_stored_when_the_broker_was_killed_is_not_sent() -> None:
    bench = Bench(costs=Costs(sync=5 * MS), observe=["orders"])
    bench.send("queue://orders", "tea")
    bench.broker.halt()
    bench.wait(SECOND)
    assert events(bench) == []
    assert name_of(bench.events[-1]) == "halted"


def test_a_broker_that_stops_says_so_last() -> None:
    bench = Bench(observe=["orders"])
    bench.broker.stop()
    bench.broker.halt()
    assert name_of(bench.events[-1]) == "stopped"

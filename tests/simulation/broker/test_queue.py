"""Queues: who gets a message, in which order, how often, and what is left."""

from __future__ import annotations

import pytest

from lab.simulation.broker.settings import Costs
from tests.simulation.broker.bench import MS, SECOND, Bench, configuration, policy

Q = "queue://orders"
DEAD = '<deadLetterQueue><topic physicalName="dead"/></deadLetterQueue>'


def test_messages_wait_for_a_consumer_and_come_in_order() -> None:
    bench = Bench()
    assert bench.send(Q, "1", "2", "3") == [None] * 3
    assert bench.counters(Q) == {"enqueued": 3, "queued": 3}
    taker = bench.subscribe(Q)
    assert taker.bodies == ["1", "2", "3"]
    assert bench.counters(Q) == {"enqueued": 3, "dequeued": 3, "dispatched": 3, "consumers": 1}


def test_no_more_than_the_prefetch_are_out() -> None:
    bench = Bench()
    taker = bench.subscribe(Q, acknowledges=False, prefetch=2)
    bench.send(Q, *"12345")
    assert taker.bodies == ["1", "2"]
    assert bench.counters(Q)["in-flight"] == 2
    taker.acknowledge(taker.had[1])
    bench.wait()
    assert taker.bodies == ["1", "2", "3"]
    assert bench.counters(Q)["queued"] == 4


def test_credit_lets_so_many_more_out_whatever_is_acknowledged() -> None:
    bench = Bench()
    taker = bench.subscribe(Q, acknowledges=False, prefetch=0)
    bench.send(Q, *"12345")
    assert taker.bodies == []
    assert taker.subscription is not None
    taker.subscription.grant(2)
    taker.acknowledge(taker.had[0])
    assert taker.bodies == ["1", "2"]
    taker.subscription.grant(1)
    assert taker.bodies == ["1", "2", "3"]


def test_consumers_of_one_priority_take_turns() -> None:
    bench = Bench()
    first, second = bench.subscribe(Q), bench.subscribe(Q)
    bench.send(Q, *"123456")
    assert (first.bodies, second.bodies) == (["1", "3", "5"], ["2", "4", "6"])


def test_a_higher_priority_has_all_until_it_is_full() -> None:
    bench = Bench()
    bridge = bench.subscribe(Q, network=True, target="other", priority=-5)
    here = bench.subscribe(Q, acknowledges=False, prefetch=3)
    bench.send(Q, *"12345")
    assert (here.bodies, bridge.bodies) == (["1", "2", "3"], ["4", "5"])


def test_what_a_consumer_leaves_comes_again_first_and_marked() -> None:
    bench = Bench()
    taker = bench.subscribe(Q, acknowledges=False)
    bench.send(Q, *"123")
    taker.acknowledge(taker.had[0])
    assert taker.subscription is not None
    taker.subscription.close()
    bench.send(Q, "4")
    other = bench.subscribe(Q)
    assert [(each.message.body, each.redelivered) for each in other.had] == [(b"2", True), (b"3", True), (b"4", False)]


def test_one_that_goes_in_order_leaves_no_mark() -> None:
    bench = Bench()
    taker = bench.subscribe(Q, acknowledges=False)
    bench.send(Q, "1")
    assert taker.subscription is not None
    taker.subscription.close(redelivered=False)
    assert [each.redelivered for each in bench.subscribe(Q).had] == [False]


def test_a_group_stays_with_one_consumer_until_it_goes() -> None:
    bench = Bench()
    first, second = bench.subscribe(Q), bench.subscribe(Q)
    bench.send(Q, "a1", "a2", "a3", group="a")
    bench.send(Q, "b1", "b2", group="b")
    assert (first.bodies, second.bodies) == (["a1", "a2", "a3"], ["b1", "b2"])
    assert first.subscription is not None
    first.subscription.close()
    bench.send(Q, "a4", group="a")
    assert second.bodies == ["b1", "b2", "a4"]


def test_a_selector_takes_what_it_matches_and_the_rest_stays() -> None:
    bench = Bench()
    eur = bench.subscribe(Q, selector="currency = 'EUR'")
    bench.send(Q, "1", properties={"currency": "EUR"})
    bench.send(Q, "2", properties={"currency": "JPY"})
    assert eur.bodies == ["1"]
    assert bench.subscribe(Q).bodies == ["2"]


def test_what_is_beyond_the_pages_that_are_in_is_not_seen_by_a_selector() -> None:
    bench = Bench()
    eur = bench.subscribe(Q, selector="currency = 'EUR'")
    bench.send(Q, *["no"] * 400, properties={"currency": "JPY"})
    bench.send(Q, "yes", properties={"currency": "EUR"})
    assert eur.bodies == []


def test_a_persistent_message_is_handed_out_before_it_is_stored_and_told_of_after() -> None:
    bench = Bench(costs=Costs(message=1 * MS, sync=5 * MS))
    taker = bench.subscribe(Q, acknowledges=False)
    told = bench.send(Q, "1", wait=2 * MS)
    assert (taker.bodies, told) == (["1"], [])
    bench.wait(4 * MS)
    assert told == [None]


def test_one_that_is_acknowledged_while_it_is_being_written_is_told_of_then_and_not_kept() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    bench.subscribe(Q)
    told = bench.send(Q, "1", wait=4 * MS)
    assert told == []
    bench.wait(MS)
    assert (told, bench.store.queues[Q]) == ([None], {})


def test_one_that_is_acknowledged_before_it_is_being_written_is_told_of_at_once() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    told: list[str | None] = []
    bench.send("queue://other", "1", done=told.append)
    bench.subscribe(Q)
    assert bench.send(Q, "2", by=bench.login("another")) == [None]
    bench.wait(SECOND)
    assert (told, bench.store.queues[Q]) == ([None], {})


def test_a_killed_broker_has_what_was_synced_and_its_senders_know_of_no_more() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    assert bench.send(Q, "1", wait=6 * MS) == [None]
    told = bench.send(Q, "2", wait=3 * MS)
    bench.broker.halt()
    bench.wait(SECOND)
    assert told == []
    bench.start()
    assert bench.counters(Q) == {"queued": 1}
    assert bench.subscribe(Q).bodies == ["1"]


def test_a_stopped_broker_has_all() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    bench.send(Q, "1")
    bench.send(Q, "gone", persistent=False)
    bench.broker.stop()
    bench.start()
    assert bench.subscribe(Q).bodies == ["1"]


def test_a_connection_has_one_message_stored_after_the_other_and_what_it_sends_meanwhile_waits() -> None:
    """`Queue.doMessageSend` waits for the store in the connection's thread."""
    bench = Bench(costs=Costs(message=1 * MS, sync=5 * MS))
    taker = bench.subscribe(Q, acknowledges=False)
    bench.send(Q, "1", "2")
    bench.send(Q, "3", persistent=False)
    seen = []
    for _ in range(14):
        bench.wait(MS)
        seen.append(len(taker.had))
    assert seen == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3]


def test_what_an_ended_connection_had_sent_and_nobody_had_read_is_not_taken() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    taker = bench.subscribe(Q, acknowledges=False)
    told = bench.send(Q, "1", "2", "3", wait=7 * MS)
    bench.sender.end("an operator's word")
    bench.wait(SECOND)
    assert (taker.bodies, told) == (["1", "2"], [None, None])


def test_the_sender_of_what_is_acknowledged_amid_its_write_is_told_at_an_orderly_stop_too() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    bench.subscribe(Q)
    told = bench.send(Q, "1", wait=MS)
    bench.broker.stop()
    assert (told, bench.store.queues[Q]) == ([None], {})


def test_one_thread_writes_what_comes_to_queues_over_whatever_connection() -> None:
    """`KahaDBStore.queueExecutor` waits for each sync."""
    bench = Bench(costs=Costs(message=1 * MS, sync=5 * MS))
    told: list[str | None] = []
    for each in "123":
        bench.send(Q, each, done=told.append, by=bench.login(f"shop {each}"))
    counts = []
    for _ in range(4):
        bench.wait(5 * MS)
        counts.append(len(told))
    assert counts == [0, 1, 2, 3]


def test_a_frozen_broker_stores_nothing_and_goes_on_with_what_waits() -> None:
    bench = Bench(costs=Costs(sync=5 * MS))
    told = bench.send(Q, "1", "2", wait=MS)
    bench.broker.pause()
    bench.wait(SECOND)
    assert told == []
    bench.broker.resume()
    bench.wait(20 * MS)
    assert told == [None, None]


def test_what_the_first_messages_take_longer_is_less_with_each_and_over_after_300() -> None:
    bench = Bench(costs=Costs(first=170 * MS))
    taker, since, took = bench.subscribe(Q), bench.kernel.now, []
    for number in range(310):
        bench.send(Q, "", persistent=number % 2 == 1)
        while len(taker.had) <= number:
            bench.wait(10_000)
        took.append(bench.kernel.now - since)
        since = bench.kernel.now
    plain, stored = took[:300:2], took[1:300:2]
    assert plain == sorted(plain, reverse=True) and stored == sorted(stored, reverse=True)
    assert took[0] == pytest.approx(3.8 * MS, rel=0.02)  # 170 ms / 45
    assert sum(plain) + sum(stored) / 3 == pytest.approx(3.8 * MS * 300**0.5, rel=0.1)
    assert max(took[300:]) < 0.1 * MS


def test_a_second_copy_of_a_persistent_message_is_dropped_and_a_transient_one_is_not() -> None:
    bench = Bench()
    taker = bench.subscribe(Q)
    for persistent in (True, False):
        bench.send(Q, "1", persistent=persistent, id=f"ID:other:{persistent}:7")
        assert bench.send(Q, "1", persistent=persistent, id=f"ID:other:{persistent}:7") == [None]
    assert len(taker.had) == 3
    assert bench.counters(Q)["duplicates"] == 1
    assert any("duplicate from store for queue://orders" in line for line in bench.lines)


def test_a_copy_of_what_is_still_there_is_refused_by_the_store() -> None:
    bench = Bench()
    bench.send(Q, "1", id="ID:other:1:7")
    bench.send(Q, "1", id="ID:other:1:7")
    assert bench.counters(Q) == {"enqueued": 1, "queued": 1}
    assert any("Duplicate message add attempt rejected" in line for line in bench.lines)


def test_what_was_forwarded_may_come_back() -> None:
    bench = Bench()
    bench.subscribe(Q, network=True, target="other")
    bench.send(Q, "1", id="ID:other:1:7")
    bench.send(Q, "1", id="ID:other:1:7")
    assert bench.counters(Q)["forwarded"] == 2


def test_a_bridge_takes_nothing_back_to_where_it_has_been_unless_a_policy_says_so() -> None:
    replays = '<conditionalNetworkBridgeFilterFactory replayWhenNoConsumers="true"/>'
    entry = (
        f'<policyEntry queue="&gt;"><networkBridgeFilterFactory>{replays}</networkBridgeFilterFactory></policyEntry>'
    )
    for saved, came in ((None, []), (policy(entry), ["1"])):
        bench = Bench(saved)
        bench.send(Q, "1", path=("other",))
        assert bench.subscribe(Q, network=True, target="other").bodies == came


def test_a_bridge_takes_no_message_that_has_crossed_as_many_as_it_may() -> None:
    bench = Bench()
    bench.send(Q, "1", path=("first",))
    assert bench.subscribe(Q, network=True, target="other", message_ttl=1).bodies == []
    assert bench.subscribe(Q, network=True, target="other", message_ttl=2).bodies == ["1"]


def test_a_message_expires_and_a_persistent_one_is_a_dead_letter() -> None:
    bench = Bench()
    bench.send(Q, "1", "2", expires=bench.kernel.now + SECOND)
    bench.send(Q, "3", expires=bench.kernel.now + SECOND, persistent=False)
    bench.wait(31 * SECOND)  # expireMessagesPeriod is 30 s
    assert bench.counters(Q) == {"enqueued": 3, "dequeued": 3, "expired": 3}
    dead = bench.subscribe("queue://ActiveMQ.DLQ")
    assert dead.bodies == ["1", "2"]
    assert dead.had[0].message.properties["dlqDeliveryFailureCause"].startswith("java.lang.Throwable: Message Expired")


def test_one_that_has_expired_is_not_handed_out() -> None:
    bench = Bench()
    bench.send(Q, "1", expires=bench.kernel.now + SECOND)
    bench.wait(2 * SECOND)
    assert bench.subscribe(Q).bodies == []


def test_what_has_expired_before_it_comes_is_a_dead_letter_and_counts_nowhere() -> None:
    """As over a bridge: `Queue.send` of real brokers adds it to no statistics, and a topic's does."""
    bench = Bench()
    bench.send(Q, "1", expires=bench.kernel.now)
    bench.send("topic://prices", "1", expires=bench.kernel.now)
    assert bench.counters(Q) == {}
    assert bench.counters("topic://prices") == {"expired": 1}
    assert bench.subscribe("queue://ActiveMQ.DLQ").bodies == ["1", "1"]


def test_what_a_consumer_rejects_is_a_dead_letter() -> None:
    bench = Bench()
    taker = bench.subscribe(Q, acknowledges=False)
    bench.send(Q, "1")
    assert taker.subscription is not None
    taker.subscription.reject(taker.had[0].token)
    assert bench.counters(Q)["dequeued"] == 1
    assert bench.subscribe("queue://ActiveMQ.DLQ").bodies == ["1"]


def test_what_is_over_expires_before_a_browser_is_shown_anything() -> None:
    """As real brokers did: five of seven messages were over, and a browser saw two."""
    bench = Bench()
    bench.send(Q, "1", "2", expires=bench.kernel.now + SECOND)
    bench.send(Q, "3")
    bench.wait(3 * SECOND)
    assert len(bench.broker.browse(Q, by=bench.sender)) == 1
    bench.wait(SECOND)
    assert bench.counters(Q)["expired"] == 2


def test_a_browser_is_shown_all_and_takes_nothing() -> None:
    bench = Bench()
    bench.send(Q, "1", "2")
    bench.subscribe(Q, acknowledges=False, prefetch=1)
    assert [each.body for each in bench.broker.browse(Q, by=bench.sender)] == [b"1", b"2"]
    assert bench.counters(Q)["queued"] == 2


@pytest.mark.parametrize(
    ("strategy", "there"),
    [
        ('<individualDeadLetterStrategy queuePrefix="" queueSuffix=".DLQ"/>', "queue://a.DLQ"),
        ('<individualDeadLetterStrategy queueSuffix=".DLQ"/>', "queue://ActiveMQ.DLQ.Queue.a.DLQ"),
        (f"<sharedDeadLetterStrategy>{DEAD}</sharedDeadLetterStrategy>", "topic://dead"),
    ],
)
def test_dead_letters_go_where_the_strategy_says_an_empty_prefix_and_a_topic_included(
    strategy: str, there: str
) -> None:
    bench = Bench(
        policy(f'<policyEntry queue="&gt;"><deadLetterStrategy>{strategy}</deadLetterStrategy></policyEntry>')
    )
    bench.send("queue://a", "1", expires=SECOND)
    bench.wait(40 * SECOND)
    assert bench.counters(there)["enqueued"] == 1


def test_an_empty_queue_outlives_its_broker() -> None:
    bench = Bench()
    taker = bench.subscribe(Q)
    assert taker.subscription is not None
    taker.subscription.close()
    bench.broker.stop()
    bench.start()
    assert list(bench.broker.counters().destinations) == [Q]
    bench.wait(620 * SECOND)
    assert not bench.broker.counters().destinations
    bench.broker.stop()
    bench.start()
    assert not bench.broker.counters().destinations


@pytest.mark.parametrize(
    ("what", "interval", "age", "there"),
    [
        ("nothing", "5000", 4, False),
        ("nothing", "5000", 6, True),
        ("nothing", "25000", 24, False),
        ("a message", "5000", 1, True),
        ("what is not stored", "5000", 1, False),
    ],
)
def test_a_killed_broker_has_an_empty_queue_after_a_checkpoint_or_a_stored_message(
    what: str, interval: str, age: int, there: bool
) -> None:
    bench = Bench(configuration(f'<persistenceAdapter><kahaDB checkpointInterval="{interval}"/></persistenceAdapter>'))
    bench.subscribe(Q)
    if what != "nothing":
        bench.send(Q, "1", persistent=what == "a message")
    bench.wait(age * SECOND)
    bench.broker.halt()
    bench.start()
    assert list(bench.broker.counters().destinations) == [Q] * there

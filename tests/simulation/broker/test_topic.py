"""Topics: copies for those who listen, what is kept, what is discarded, and durable subscriptions."""

from __future__ import annotations

import pytest

from lab.simulation.broker.settings import Costs
from tests.simulation.broker.bench import MS, SECOND, Bench, policy

T = "topic://prices"


def test_each_listener_has_a_copy_and_who_comes_late_has_none() -> None:
    bench = Bench()
    one, all_ = bench.subscribe(T), bench.subscribe("topic://>")
    bench.send(T, "1", "2")
    late = bench.subscribe(T)
    assert (one.bodies, all_.bodies, late.bodies) == (["1", "2"], ["1", "2"], [])
    assert bench.counters(T) == {"enqueued": 2, "dequeued": 4, "dispatched": 4, "consumers": 3}


def test_the_oldest_that_wait_for_a_slow_consumer_are_discarded_and_dead() -> None:
    bench = Bench()
    slow = bench.subscribe(T, acknowledges=False, prefetch=10, network=True, target="other")
    bench.send(T, *map(str, range(1500)))
    assert bench.counters(T)["discarded"] == 490
    while slow.had[-1].message.body != b"1499":
        for each in slow.had[-10:]:
            slow.acknowledge(each)
    assert slow.bodies == [*map(str, range(10)), *map(str, range(500, 1500))]
    assert bench.counters("queue://ActiveMQ.DLQ")["queued"] == 490
    assert [line.partition(":")[0] for line in bench.lines] == ["WARN TopicSubscription | TopicSubscription"]
    assert "it appears to be slow" in bench.lines[0]


def test_a_transient_message_that_is_discarded_is_no_dead_letter() -> None:
    bench = Bench()
    bench.subscribe(T, acknowledges=False, prefetch=10)
    bench.send(T, *map(str, range(1500)), persistent=False)
    assert bench.counters("queue://ActiveMQ.DLQ") == {}


def test_what_a_topic_keeps_comes_to_who_asks_for_it_with_a_mark() -> None:
    bench = Bench()
    bench.send(T, "rain", retain=True)
    bench.send(T, "other", persistent=False)
    first = bench.subscribe(T, retroactive=True)
    assert [(each.message.body, each.message.retained) for each in first.had] == [(b"rain", True)]
    assert bench.subscribe(T).had == []
    bench.send(T, "sun", retain=True)
    assert [(each.message.body, each.message.retained) for each in first.had[1:]] == [(b"sun", False)]
    bench.send(T, "", retain=True)
    assert bench.subscribe(T, retroactive=True).had == []


def test_what_several_connections_send_to_durable_subscribers_is_stored_together() -> None:
    bench = Bench(costs=Costs(sync=10 * MS))
    bench.subscribe(T, by=bench.login("phone"), durable="alerts")
    told: list[str | None] = []
    bench.send(T, "1", done=told.append, wait=MS)
    for each in "23456":
        bench.send(T, each, done=told.append, by=bench.login(f"shop {each}"))
    bench.wait(10 * MS)
    assert len(told) == 1
    bench.wait(10 * MS)
    assert len(told) == 6


def test_a_durable_subscription_keeps_what_comes_while_nobody_has_it() -> None:
    bench = Bench(costs=Costs(sync=2 * MS))
    phone = bench.login("phone")
    taker = bench.subscribe(T, by=phone, durable="alerts", prefetch=100)
    assert bench.send(T, "1", wait=3 * MS) == [None]
    phone.close()
    bench.send(T, "2", wait=3 * MS)
    bench.send(T, "3", persistent=False, wait=3 * MS)
    assert bench.counters(T)["consumers"] == 1
    again = bench.subscribe(T, by=bench.login("phone"), durable="alerts", prefetch=100)
    assert (taker.bodies, again.bodies) == (["1"], ["2", "3"])


def test_a_durable_subscription_outlives_the_process_with_what_is_persistent() -> None:
    bench = Bench()
    phone = bench.login("phone")
    bench.subscribe("topic://prices.>", by=phone, durable="alerts")
    phone.close()
    bench.send("topic://prices.eur", "1")
    bench.send("topic://prices.eur", "gone", persistent=False)
    bench.send("topic://prices.jpy", "2")
    bench.wait(SECOND)
    bench.broker.halt()
    bench.start()
    bench.send("topic://prices.usd", "3")
    again = bench.subscribe("topic://prices.>", by=bench.login("phone"), durable="alerts")
    assert again.bodies == ["1", "2", "3"]
    assert bench.counters("topic://prices.>") == {"consumers": 1}  # real brokers have it too


def test_what_a_durable_subscriber_had_not_acknowledged_comes_again_marked() -> None:
    bench = Bench()
    phone = bench.login("phone")
    bench.subscribe(T, by=phone, durable="alerts", acknowledges=False)
    bench.send(T, "1")
    phone.close()
    again = bench.subscribe(T, by=bench.login("phone"), durable="alerts")
    assert [(each.message.body, each.redelivered) for each in again.had] == [(b"1", True)]


def test_a_durable_subscription_that_ends_keeps_nothing() -> None:
    bench = Bench()
    phone = bench.login("phone")
    taker = bench.subscribe(T, by=phone, durable="alerts")
    assert [each.durable for each in bench.broker.durables("phone")] == ["alerts"]
    assert taker.subscription is not None
    taker.subscription.close()
    bench.broker.forget("phone", "alerts", by=phone)
    bench.send(T, "1")
    assert bench.broker.durables("phone") == ()
    assert bench.counters(T) == {"enqueued": 1}


def test_a_durable_subscription_with_another_selector_begins_anew() -> None:
    bench = Bench()
    phone = bench.login("phone")
    bench.subscribe(T, by=phone, durable="alerts")
    phone.close()
    bench.send(T, "1")
    again = bench.subscribe(T, by=bench.login("phone"), durable="alerts", selector="a = 'b'")
    assert again.had == []


def test_a_message_that_waits_too_long_expires_when_its_turn_comes() -> None:
    bench = Bench()
    taker = bench.subscribe(T, acknowledges=False, prefetch=1)
    bench.send(T, "1", "2", expires=bench.kernel.now + SECOND)
    bench.wait(31 * SECOND)
    assert "expired" not in bench.counters(T)
    taker.acknowledge(taker.had[0])
    assert taker.bodies == ["1"]
    assert bench.counters(T)["expired"] == 1
    assert bench.subscribe("queue://ActiveMQ.DLQ").bodies == ["2"]


def test_what_waits_for_a_durable_subscriber_that_is_away_expires_by_the_clock() -> None:
    bench = Bench()
    phone = bench.login("phone")
    bench.subscribe(T, by=phone, durable="alerts")
    phone.close()
    bench.send(T, "1", expires=bench.kernel.now + SECOND)
    bench.send(T, "2")
    bench.wait(31 * SECOND)
    assert bench.counters(T)["expired"] == 1
    assert bench.subscribe(T, by=bench.login("phone"), durable="alerts").bodies == ["2"]


@pytest.mark.parametrize("release", ["5.18.3", "5.19.1"])
def test_it_expires_for_each_durable_subscriber_and_is_one_dead_letter(release: str) -> None:
    """As real brokers of both releases did."""
    bench = Bench(release=release)
    for name in ("phone", "desk"):
        client = bench.login(name)
        bench.subscribe(T, by=client, durable="alerts")
        client.close()
    bench.send(T, "1", "2", "3", expires=bench.kernel.now + SECOND)
    bench.wait(40 * SECOND)
    assert bench.counters(T)["expired"] == 6
    assert bench.counters("queue://ActiveMQ.DLQ")["enqueued"] == 3


EXPIRING = policy('<policyEntry topic="&gt;" expireMessagesPeriod="1000" maxExpirePageSize="10"/>')


@pytest.mark.parametrize(("release", "expired"), [("5.18.3", 10), ("5.19.1", 5)])
def test_it_expires_for_a_subscriber_that_has_acknowledged_it_until_5_19(release: str, expired: int) -> None:
    bench = Bench(EXPIRING, release=release)
    clients = [bench.login(name) for name in ("reader", "away")]
    for client in clients:
        bench.subscribe(T, by=client, durable="alerts")
    clients[1].close()
    bench.send(T, *"12345", expires=bench.kernel.now + SECOND)
    clients[0].close()
    bench.wait(10 * SECOND)
    assert bench.counters(T)["expired"] == expired
    assert bench.counters("queue://ActiveMQ.DLQ")["enqueued"] == 5
    assert bench.store.durables["away", "alerts"].pending == {}


@pytest.mark.parametrize(("release", "each_second"), [("5.18.3", 3), ("5.19.1", 0)])
def test_it_expires_again_and_again_while_another_subscriber_holds_it_until_5_19(
    release: str, each_second: int
) -> None:
    bench = Bench(EXPIRING, release=release)
    had = bench.login("had")
    bench.subscribe(T, by=had, durable="alerts")
    bench.subscribe(T, by=bench.login("holder"), durable="alerts", acknowledges=False)
    bench.send(T, *"123", expires=bench.kernel.now + SECOND)
    had.close()
    bench.wait(3 * SECOND)
    before = bench.counters(T).get("expired", 0)
    bench.wait(4 * SECOND)
    assert bench.counters(T).get("expired", 0) - before == 4 * each_second


@pytest.mark.parametrize("release", ["5.18.3", "5.19.1"])
def test_a_look_goes_no_further_than_its_page_and_finds_what_is_stored_alone(release: str) -> None:
    bench = Bench(EXPIRING, release=release)
    phone = bench.login("phone")
    bench.subscribe(T, by=phone, durable="alerts")
    phone.close()
    bench.send(T, "transient", expires=bench.kernel.now + SECOND, persistent=False)
    bench.send(T, *"0123456789")
    bench.send(T, "late", expires=bench.kernel.now + SECOND)
    bench.wait(10 * SECOND)
    assert "expired" not in bench.counters(T)
    assert bench.subscribe(T, by=bench.login("phone"), durable="alerts").bodies == [*"0123456789"]
    assert bench.counters(T)["expired"] == 2


def test_a_policy_may_give_what_is_kept_to_all_and_none_keeps_nothing() -> None:
    """ActiveMQ's own policy, which keeps what is retained, wraps another: `Topic.setSubscriptionRecoveryPolicy`."""
    entry = '<policyEntry topic="{}" {}/>'
    bench = Bench(policy(entry.format("a", 'alwaysRetroactive="true"')))
    bench.send("topic://a", "rain", retain=True)
    assert bench.subscribe("topic://a").bodies == ["rain"]
    none = "<subscriptionRecoveryPolicy><noSubscriptionRecoveryPolicy/></subscriptionRecoveryPolicy>"
    bench = Bench(policy(f'<policyEntry topic="&gt;">{none}</policyEntry>'))
    bench.send("topic://a", "rain", retain=True)
    assert bench.subscribe("topic://a", retroactive=True).bodies == ["rain"]


def test_a_limit_may_be_a_part_of_the_prefetch() -> None:
    limit = '<prefetchRatePendingMessageLimitStrategy multiplier="2"/>'
    within = f"<pendingMessageLimitStrategy>{limit}</pendingMessageLimitStrategy>"
    bench = Bench(policy(f'<policyEntry topic="&gt;">{within}</policyEntry>'))
    bench.subscribe(T, acknowledges=False, prefetch=10, network=True, target="other")
    bench.send(T, *map(str, range(50)))
    assert bench.counters(T)["discarded"] == 20


def test_such_a_limit_is_a_part_of_the_policys_prefetch_where_that_is_the_consumers() -> None:
    limit = '<prefetchRatePendingMessageLimitStrategy multiplier="2"/>'
    within = f"<pendingMessageLimitStrategy>{limit}</pendingMessageLimitStrategy>"
    bench = Bench(policy(f'<policyEntry topic="&gt;" topicPrefetch="10">{within}</policyEntry>'))
    taker = bench.subscribe(T, acknowledges=False, prefetch=32767)
    bench.send(T, *map(str, range(100)))
    assert taker.subscription is not None and taker.subscription.discarded == 70


def test_a_policys_prefetch_is_for_those_who_ask_for_the_usual_one() -> None:
    bench = Bench(policy('<policyEntry queue="&gt;" queuePrefetch="3"/><policyEntry topic="&gt;" topicPrefetch="4"/>'))
    usual = bench.subscribe("queue://a", acknowledges=False)
    own = bench.subscribe("queue://b", acknowledges=False, prefetch=5)
    topic = bench.subscribe("topic://c", acknowledges=False, prefetch=32767)
    for each in ("queue://a", "queue://b", "topic://c"):
        bench.send(each, *map(str, range(9)))
    assert (len(usual.had), len(own.had), len(topic.had)) == (3, 5, 4)


def test_what_comes_twice_is_dropped_where_an_entry_is_about_the_topic() -> None:
    """Three brokers in a ring, each on 5.18.3: 20 of 20 came twice without an entry, and once with one."""
    for entries, had in (("", ["1", "1"]), ('<policyEntry topic="&gt;"/>', ["1"])):
        bench = Bench(policy(entries))
        plain = bench.subscribe(T)
        for persistent in (True, False):
            for _ in range(2):
                bench.send(T, "1", id=f"ID:there:1:{persistent}", persistent=persistent)
        assert plain.bodies == had * 2, entries


def test_a_durable_subscription_has_a_persistent_message_once_without_any_entry() -> None:
    """As in that ring, where no durable subscription had anything twice."""
    bench = Bench(policy(""))
    phone = bench.login("phone")
    taker = bench.subscribe(T, by=phone, durable="alerts")
    for persistent in (True, False):
        for _ in range(2):
            bench.send(T, "1", id=f"ID:there:1:{persistent}", persistent=persistent, wait=SECOND)
    phone.close()
    again = bench.subscribe(T, by=bench.login("phone"), durable="alerts")
    assert (taker.bodies, again.bodies) == (["1", "1", "1"], [])

"""prioritizedMessages: the order that real brokers showed, and where it is told to be unknown."""

from __future__ import annotations

import pytest

from tests.simulation.broker.bench import Bench, policy

QUEUES = policy(
    '<policyEntry queue="&gt;" prioritizedMessages="true"/><policyEntry topic="&gt;" prioritizedMessages="true"/>'
)
SENT = (5, 9, 1, 3, 4, 7, 8, 2)


def send(bench: Bench, to: str, *priorities: int, persistent: bool = True) -> None:
    for number, priority in enumerate(priorities):
        bench.send(to, f"{priority}{'abcdefgh'[number]}", priority=priority, persistent=persistent)


def test_what_waits_in_a_queue_goes_by_priority_those_of_one_in_their_order() -> None:
    bench = Bench(QUEUES)
    send(bench, "queue://a", 5, 9, 1, 5, 9)
    assert bench.subscribe("queue://a").bodies == ["9b", "9e", "5a", "5d", "1c"]


def test_without_the_setting_a_queue_has_one_order_whatever_the_priority() -> None:
    bench = Bench()
    send(bench, "queue://a", 5, 9, 1)
    assert bench.subscribe("queue://a").bodies == ["5a", "9b", "1c"]


def test_what_is_given_back_comes_before_its_own_priority_alone() -> None:
    """As 5.18.3 did: two of priority 5 were given back, and 9 came before them."""
    bench = Bench(QUEUES)
    first = bench.subscribe("queue://a", acknowledges=False, prefetch=2)
    send(bench, "queue://a", 5, 5, 5, 9, 5, 1)
    assert first.bodies == ["5a", "5b"] and first.subscription is not None
    first.subscription.close()
    assert bench.subscribe("queue://a").bodies == ["9d", "5a", "5b", "5c", "5e", "1f"]


def test_a_store_gives_a_page_by_priority_after_a_start() -> None:
    bench = Bench(QUEUES)
    send(bench, "queue://a", *SENT)
    bench.broker.halt()
    bench.start()
    found = [int(body[0]) for body in bench.subscribe("queue://a").bodies]
    assert found == sorted(SENT, reverse=True)


def test_a_durable_subscriber_has_what_waited_by_priority_and_another_listener_in_order() -> None:
    bench = Bench(QUEUES)
    phone = bench.login("phone")
    durable = bench.subscribe("topic://a", by=phone, durable="d")
    plain = bench.subscribe("topic://a", acknowledges=False, prefetch=1)
    assert durable.subscription is not None and plain.subscription is not None
    durable.subscription.close()
    send(bench, "topic://a", 3, 1, 6, 9, 4)
    assert bench.subscribe("topic://a", by=phone, durable="d").bodies == ["9d", "6c", "4e", "3a", "1b"]
    for each in plain.had:  # grows while they are acknowledged
        plain.acknowledge(each)
    assert plain.bodies == ["3a", "1b", "6c", "9d", "4e"]


@pytest.mark.parametrize(
    ("case", "what"),
    [
        ("kinds", "persistent and other messages of queue://a wait together, by priority at tokyo"),
        ("page", "more than a page of queue://a is read from the store by priority at tokyo"),
        ("later", "new priorities come to queue://a, where messages from before the start wait at tokyo"),
        ("durable", "more than 200 messages wait by priority for d at tokyo"),
        ("one", ""),
    ],
)
def test_where_the_order_is_not_known_it_is_told_once(case: str, what: str) -> None:
    told: list[str] = []
    bench = Bench(QUEUES, leave_range=lambda why, since: told.append(why))
    many = [str(number) for number in range(250)]
    if case == "kinds":
        send(bench, "queue://a", 4, 5)
        send(bench, "queue://a", 4, 5, persistent=False)
    elif case == "durable":
        phone = bench.login("phone")
        taker = bench.subscribe("topic://a", by=phone, durable="d")
        assert taker.subscription is not None
        taker.subscription.close()
        bench.send("topic://a", *many, priority=6)
        assert told == []
        send(bench, "topic://a", 7, 8)
    else:
        bench.send("queue://a", *many[: 250 if case != "later" else 9], priority=6)
        if case == "page":
            send(bench, "queue://a", 7)
        bench.broker.halt()
        bench.start()
        send(bench, "queue://a", 6 if case == "one" else 7, 6 if case == "one" else 8)
    assert told[:1] == ([what] if what else [])
    assert len(told) == len(set(told))

"""What a broker keeps is counted; where a real one would hold its producers back, somebody is told."""

from __future__ import annotations

import pytest

from lab.errors import PlanError
from lab.simulation.broker.calibrated_range import refuse
from lab.simulation.broker.limits import Limits
from lab.simulation.broker.message import Message
from lab.simulation.broker.policies import octets
from lab.simulation.broker.settings import Costs
from tests.simulation.broker.bench import MS, SECOND, Bench, configuration, policy

BIG = "x" * 2**20


def test_a_store_that_is_nearly_full_ends_the_simulation_by_name() -> None:
    bench = Bench()
    bench.send("queue://a", *[BIG] * 511)
    with pytest.raises(PlanError, match="more than 512MiB of messages wait in the store of tokyo"):
        bench.send("queue://a", BIG)


def test_so_does_a_memory_with_what_waits_for_a_slow_listener() -> None:
    bench = Bench()
    bench.subscribe("topic://a", acknowledges=False, prefetch=1)
    with pytest.raises(PlanError, match="more than 179MiB of messages wait in the memory of tokyo"):
        bench.send("topic://a", *[BIG] * 180)


@pytest.mark.parametrize("to", ["topic://a", "queue://a"])
@pytest.mark.parametrize("persistent", [True, False])
def test_so_does_what_is_handed_out_and_not_acknowledged(to: str, persistent: bool) -> None:
    bench = Bench()
    bench.subscribe(to, acknowledges=False)
    bench.send(to, *[BIG] * 178, persistent=persistent)
    with pytest.raises(PlanError, match="more than 179MiB of messages wait in the memory of tokyo"):
        bench.send(to, *[BIG] * 2, persistent=persistent)


def test_the_memory_is_a_part_of_the_brokers_heap() -> None:
    limits = Limits("tokyo", 256 * 2**20, lambda: 0, refuse)
    message = Message("1", "queue://a", BIG.encode() * 90, {}, False)
    with pytest.raises(PlanError, match="more than 89MiB of messages wait in the memory of tokyo"):
        limits.add(message, stored=False)


def test_a_message_that_many_wait_for_is_held_once() -> None:
    bench = Bench()
    for name in "abc":
        bench.subscribe("topic://a", acknowledges=False, prefetch=10)
        bench.subscribe("topic://a", by=bench.login(name), durable=name, acknowledges=False, prefetch=10)
    bench.send("topic://a", *[BIG] * 170)


def test_more_in_a_second_than_any_broker_was_seen_to_take_ends_it_by_name() -> None:
    bench = Bench(costs=Costs(capped=True))
    for _ in range(3):
        bench.send("topic://a", *["x"] * 3000, wait=SECOND)
    with pytest.raises(PlanError, match="tokyo takes more than 3,000 messages within a second"):
        bench.send("topic://a", *["x"] * 3001)


def test_so_do_more_bodies_than_a_store_was_seen_to_take() -> None:
    bench = Bench(costs=Costs(capped=True))
    bench.send("topic://a", *[BIG] * 100, persistent=False, wait=SECOND)
    for _ in range(3):
        bench.send("topic://a", *[BIG] * 25, wait=SECOND)
    with pytest.raises(PlanError, match="tokyo takes more than 25 MiB of persistent messages within a second"):
        bench.send("topic://a", *[BIG] * 26)


def test_a_connection_that_waits_for_the_store_for_two_seconds_on_end_is_told_of() -> None:
    told: list[tuple[str, int]] = []
    costs = Costs(message=MS // 10, handling=2 * MS, sync=MS, capped=True)
    bench = Bench(costs=costs, leave_range=lambda what, since: told.append((what, since)))
    bench.subscribe("queue://a")
    for _ in range(5000):  # as fast as it is stored
        bench.send("queue://a", "x", wait=11 * MS // 10)
    bench.send("queue://a", *["x"] * 1800)
    bench.wait(3 * SECOND)
    assert told == []
    since = bench.kernel.now
    bench.send("queue://a", *["x"] * 1850)
    bench.wait(3 * SECOND)
    ((what, moment),) = told
    assert what == "tokyo stored the messages of one connection more slowly than they came, for 2 s"
    assert since < moment < since + 10 * MS


def test_what_waits_while_a_broker_is_frozen_does_not_wait_for_its_store() -> None:
    costs = Costs(message=MS // 10, handling=2 * MS, sync=MS, capped=True)
    bench = Bench(costs=costs)  # which is told nothing: it would end
    bench.subscribe("queue://a")
    told = bench.send("queue://a", *["x"] * 300, wait=100 * MS)
    bench.broker.pause()
    bench.wait(3 * SECOND)
    bench.broker.resume()
    bench.wait(SECOND)
    assert len(told) == 300


@pytest.mark.parametrize("persistent", [True, False])
def test_what_was_taken_counts_no_more(persistent: bool) -> None:
    bench = Bench()
    phone = bench.login("phone")
    for _ in range(12):
        queue = bench.subscribe("queue://a", by=bench.login("taker"), prefetch=1)
        topic = bench.subscribe("topic://b", prefetch=1)
        durable = bench.subscribe("topic://b", by=phone, durable="d", prefetch=1)
        for to in ("queue://a", "topic://b"):
            bench.send(to, *[BIG] * 20, persistent=persistent)
        assert [len(each.had) for each in (queue, topic, durable)] == [20, 20, 20]
        for each in (queue, topic, durable):
            assert each.subscription is not None
            each.subscription.close()
        bench.broker.login("ann", "secret", "taker", "", steals=True).close()
        bench.send("topic://b", *[BIG] * 20, persistent=persistent)  # for nobody but the durable subscription
        bench.broker.forget("phone", "d", by=phone)


def test_who_is_told_goes_on_until_a_broker_is_full() -> None:
    told: list[tuple[str, int]] = []
    bench = Bench(costs=Costs(capped=True), leave_range=lambda what, since: told.append((what, since)))
    bench.wait(SECOND)
    bench.send("topic://a", *["x"] * 3001)
    assert told == [("tokyo takes more than 3,000 messages within a second", SECOND + 1)]
    bench.send("topic://a", *["x"] * 9000)
    assert len(told) == 1  # it is known by now
    bench.send("queue://a", *[BIG] * 512)
    assert [what for what, _ in told[1:]] == ["more than 512MiB of messages wait in the store of tokyo"]
    with pytest.raises(PlanError, match="more than 1GiB of messages wait in the store of tokyo"):
        bench.send("queue://a", *[BIG] * 512)
    assert len(told) == 2


@pytest.mark.parametrize(
    ("to", "persistent"), [("queue://a.b", True), ("queue://a.b", False), ("topic://a.b", True), ("topic://a.b", False)]
)
def test_half_of_a_destinations_own_memory_is_told_once_and_the_run_goes_on(to: str, persistent: bool) -> None:
    told: list[str] = []
    entries = "".join(f'<policyEntry {kind}="a.&gt;" memoryLimit="4 mb"/>' for kind in ("queue", "topic"))
    bench = Bench(policy(entries), leave_range=lambda what, since: told.append(what))
    taker = bench.subscribe(to, acknowledges=False, prefetch=1)
    bench.send(to.replace("a.b", "other"), BIG, BIG, BIG, BIG, persistent=persistent)
    bench.send(to, BIG, persistent=persistent)
    taker.acknowledge(taker.had[0])
    bench.send(to, BIG, persistent=persistent)
    assert told == []
    bench.send(to, *[BIG] * 8, persistent=persistent)
    assert told == [f"more than half of the memoryLimit of {to} is in use at tokyo"]


def test_small_messages_take_a_kibibyte_each() -> None:
    told: list[str] = []
    text = policy('<policyEntry queue="&gt;" memoryLimit="1mb"/>')
    bench = Bench(text, leave_range=lambda what, since: told.append(what))
    bench.send("queue://a", *["x"] * 511)
    assert told == []
    bench.send("queue://a", "x")
    assert len(told) == 1


def test_a_part_of_the_heap_may_be_for_messages() -> None:
    usage = '<memoryUsage><memoryUsage percentOfJvmHeap="10"/></memoryUsage>'
    bench = Bench(configuration(f"<systemUsage><systemUsage>{usage}</systemUsage></systemUsage>"))
    with pytest.raises(PlanError, match="more than 25MiB of messages wait in the memory of tokyo"):
        bench.send("queue://a", *[BIG] * 26, persistent=False)


def test_a_size_is_read_as_activemq_reads_it() -> None:
    sizes = ("1048576", "1024kb", "1024 K", "1mb", " 1 M ", "1048576b")
    assert {octets(each) for each in sizes} == {2**20}
    assert octets("2gb") == 2**31
    assert [octets(each) for each in ("", "much", "1.5mb", "-1", "1 tb")] == [None] * 5

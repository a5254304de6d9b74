"""persistent="false": all that a broker keeps is in its process, and goes with it."""

from __future__ import annotations

import pytest

from lab.errors import PlanError
from lab.simulation.broker.settings import Costs
from tests.simulation.broker.bench import MS, SECOND, Bench, configuration

MEMORY = configuration(attributes='persistent="false"')


def test_nothing_outlives_the_process() -> None:
    bench = Bench(MEMORY)
    phone = bench.login("phone")
    taker = bench.subscribe("topic://b", by=phone, durable="d")
    assert taker.subscription is not None
    taker.subscription.close()
    bench.send("queue://a", "x", "y")
    bench.send("topic://b", "x")
    assert bench.counters("queue://a") == {"enqueued": 2, "queued": 2}
    bench.broker.stop()
    bench.start()
    assert bench.counters("queue://a") == {}
    assert bench.broker.durables("phone") == ()
    assert bench.subscribe("queue://a").bodies == []


def test_while_it_runs_queues_and_durable_subscriptions_keep_what_they_would() -> None:
    bench = Bench(MEMORY)
    phone = bench.login("phone")
    taker = bench.subscribe("topic://b", by=phone, durable="d")
    assert taker.subscription is not None
    taker.subscription.close()
    bench.send("topic://b", "x", "y")
    bench.send("queue://a", "x")
    assert bench.subscribe("topic://b", by=phone, durable="d").bodies == ["x", "y"]
    assert bench.subscribe("queue://a").bodies == ["x"]


@pytest.mark.parametrize(("text", "after"), [(MEMORY, True), (None, False)])
def test_no_sender_waits_for_a_disk(text: str | None, after: bool) -> None:
    bench = Bench(text, costs=Costs(sync=10 * MS))
    assert (bench.send("queue://a", "x", wait=5 * MS) == [None]) is after


def test_what_it_keeps_is_in_memory() -> None:
    bench = Bench(MEMORY)
    with pytest.raises(PlanError, match="more than 179MiB of messages wait in the memory of tokyo"):
        bench.send("queue://a", *["x" * 2**20] * 180)


def test_more_than_a_hundred_for_a_durable_subscriber_are_told_of() -> None:
    told: list[str] = []
    bench = Bench(MEMORY, leave_range=lambda why, since: told.append(why))
    phone = bench.login("phone")
    taker = bench.subscribe("topic://b", by=phone, durable="d")
    assert taker.subscription is not None
    taker.subscription.close()
    for _ in range(100):
        bench.send("topic://b", "x", wait=SECOND)
    assert told == []
    bench.send("topic://b", "x", "x", wait=SECOND)
    assert told == ["without a store more than 100 messages of topic://b wait for durable subscribers at tokyo"]

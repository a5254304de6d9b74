"""A broker: who may log in and do what, who is told of consumers, and what it does by the clock."""

from __future__ import annotations

import pytest

from lab.activemq.log_lines import name_of
from lab.errors import PlanError
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.sentences import samples
from lab.simulation.broker.session import Refused
from tests.simulation.broker.bench import SECOND, Bench, configuration, policy

RIGHTS = """<plugins><authorizationPlugin><map><authorizationMap><authorizationEntries>
<authorizationEntry queue="&gt;" read="staff" write="staff" admin="staff"/>
<authorizationEntry queue="open.&gt;" write="*" admin="*"/>
<authorizationEntry topic="ActiveMQ.Advisory.&gt;" read="*" write="*" admin="*"/>
</authorizationEntries></authorizationMap></map></authorizationPlugin></plugins>"""


def test_a_wrong_password_is_refused_and_logged() -> None:
    bench = Bench()
    for user, password in (("ann", "wrong"), ("eve", "secret")):
        with pytest.raises(Refused) as refused:
            bench.broker.login(user, password, "c", "tcp://10.2.0.10:4711")
        assert refused.value.words == f"User name [{user}] or password is invalid."
        assert bench.lines[-1].startswith("WARN TransportConnection | Failed to add Connection id=ID:tokyo-")
        assert bench.lines[-1].endswith(
            f"clientId=c, clientIP=tcp://10.2.0.10:4711 due to User name [{user}] or password is invalid."
        )


def test_a_client_id_is_taken_once_or_stolen() -> None:
    bench = Bench()
    ended: list[str] = []
    first = bench.broker.login("ann", "secret", "c", "tcp://10.2.0.10:1", ended=ended.append)
    with pytest.raises(Refused, match="Client: c already connected from tcp"):
        bench.broker.login("ann", "secret", "c", "tcp://10.2.0.10:2")
    second = bench.broker.login("ann", "secret", "c", "tcp://10.2.0.10:3", steals=True)
    assert len(ended) == 1 and not first.open and second.open
    second.close()
    assert bench.broker.login("ann", "secret", "c", "tcp://10.2.0.10:4").open


def test_a_user_without_the_right_is_refused_in_the_brokers_words() -> None:
    bench = Bench(configuration(RIGHTS))
    bob = bench.login("bob", "bob")
    with pytest.raises(Refused, match="User bob is not authorized to read from: queue://orders"):
        bench.subscribe("queue://orders", by=bob)
    bench.sender = bob
    assert bench.send("queue://orders", "1") == ["User bob is not authorized to write to: queue://orders"]
    assert bench.send("queue://open.a", "1") == [None]
    assert bench.lines == [
        "WARN Service | Security Error occurred on connection to: tcp://10.1.0.9:3, "
        f"User bob is not authorized to {what}: queue://orders"
        for what in ("read from", "write to")
    ]


def test_a_user_who_may_not_make_the_topics_of_advisories_may_not_even_log_in() -> None:
    without = RIGHTS.replace('topic="ActiveMQ.Advisory.&gt;"', 'topic="none"')
    with pytest.raises(Refused, match="not authorized to create: topic://ActiveMQ"):
        Bench(configuration(without))
    partly = RIGHTS.replace("ActiveMQ.Advisory.&gt;", "ActiveMQ.Advisory.Connection")
    bench = Bench(configuration(partly))
    assert bench.send("queue://a", "1") == ["User ann is not authorized to create: topic://ActiveMQ.Advisory.Queue"]


def test_a_bridge_whose_user_may_not_read_advisories_is_refused_them() -> None:
    bench = Bench(configuration(RIGHTS.replace('Advisory.&gt;" read="*"', 'Advisory.&gt;" read="staff"')))
    bob = bench.login("bob", "bob", network=True)
    with pytest.raises(Refused, match="not authorized to read from: topic://ActiveMQ"):
        bench.broker.follow_consumers(lambda info, there: None, by=bob)
    bench.broker.follow_consumers(lambda info, there: None, by=bench.sender)
    assert bench.broker.follows("sender")


def test_a_producer_makes_its_destination_and_keeps_it() -> None:
    bench = Bench()
    sender = bench.login("amqp")
    end = bench.broker.produce("queue://a", by=sender)
    bench.wait(1300 * SECOND)
    assert bench.counters("queue://a") == {"producers": 1}
    end()
    end()
    assert bench.counters("queue://a") == {}
    bench.broker.produce("queue://a", by=sender)
    sender.close()
    bench.wait(700 * SECOND)
    assert "queue://a" not in bench.broker.counters().destinations


def test_those_who_follow_are_told_of_consumers_there_before_and_after() -> None:
    bench = Bench()
    told: list[tuple[str, bool]] = []

    def tell(info: ConsumerInfo, there: bool) -> None:
        told.append((info.destination, there))

    first = bench.subscribe("queue://a")
    stop = bench.broker.follow_consumers(tell)
    bench.subscribe("topic://b.>")
    assert first.subscription is not None
    first.subscription.close()
    stop()
    bench.subscribe("queue://c")
    assert told == [("queue://a", True), ("topic://b.>", True), ("queue://a", False)]


def test_a_bridges_consumer_is_demand_by_its_name_or_a_wildcard() -> None:
    bench = Bench()
    bench.subscribe("topic://prices.>", network=True, target="other")
    bench.subscribe("queue://orders")
    assert [bench.broker.demand(each) for each in ("topic://prices.>", "topic://prices.eur", "queue://orders")] == [
        True,
        True,
        False,
    ]


def test_a_queue_behind_a_virtual_topic_is_no_demand_for_the_topic() -> None:
    bench = Bench()
    queue = "queue://Consumer.a.VirtualTopic.b"
    bench.subscribe(queue, network=True, target="other")
    assert [bench.broker.demand(each) for each in (queue, "topic://VirtualTopic.b")] == [True, False]


def test_a_destination_that_nobody_uses_is_removed_and_logged() -> None:
    bench = Bench()  # the service's own policy: after ten minutes, looked at every ten seconds
    bench.send("queue://empty", "1")
    bench.send("queue://full", "1")
    taker = bench.subscribe("queue://empty")
    assert taker.subscription is not None
    taker.subscription.close()
    bench.wait(600 * SECOND)
    assert list(bench.broker.counters().destinations) == ["queue://empty", "queue://full"]
    bench.wait(20 * SECOND)
    assert list(bench.broker.counters().destinations) == ["queue://full"]
    assert bench.lines == ["INFO Queue | empty Inactive for longer than 600000 ms - removing ..."]


def test_one_that_may_not_be_idle_for_any_time_is_never_removed() -> None:
    """`BaseDestination.markForGC`: a time-out of 0 is none."""
    policies = '<policyEntry queue="&gt;" gcInactiveDestinations="true" inactiveTimeoutBeforeGC="0"/>'
    text = policy(policies).replace("<broker ", '<broker schedulePeriodForDestinationPurge="10000" ', 1)
    bench = Bench(text)
    taker = bench.subscribe("queue://empty")
    assert taker.subscription is not None
    taker.subscription.close()
    bench.wait(3600 * SECOND)
    assert list(bench.broker.counters().destinations) == ["queue://empty"]


def test_a_frozen_broker_does_nothing_until_it_goes_on() -> None:
    bench = Bench()
    bench.broker.pause()
    told = bench.send("queue://a", "1", wait=SECOND)
    assert told == []
    bench.broker.resume()
    bench.wait()
    assert told == [None]


def test_a_message_to_a_composite_name_goes_to_each_part() -> None:
    bench = Bench()
    bench.send("queue://a,b", "1")
    assert (bench.subscribe("queue://a").bodies, bench.subscribe("queue://b").bodies) == (["1"], ["1"])


def test_a_temporary_destination_goes_with_its_client() -> None:
    bench = Bench()
    asker = bench.login("asker")
    name = bench.broker.create_temporary("temp-queue", by=asker)
    taker = bench.subscribe(name, by=asker)
    bench.send(name, "answer")
    assert taker.bodies == ["answer"]
    asker.close()
    assert name not in bench.broker.counters().destinations


def test_nothing_is_sent_to_a_temporary_destination_that_is_gone() -> None:
    bench = Bench()
    asker = bench.login("asker")
    name = bench.broker.create_temporary("temp-queue", by=asker)
    asker.close()
    assert bench.send(name, "answer") == [f"The destination {name} does not exist."]


def test_who_waits_for_an_empty_queue_is_told() -> None:
    bench = Bench()
    taker = bench.subscribe("queue://a", acknowledges=False)
    bench.send("queue://a", "1")
    bench.broker.process.after(SECOND, lambda: taker.acknowledge(taker.had[0]))
    empty = bench.kernel.wait(lambda: bench.counters("queue://a").get("queued", 0) == 0, 2 * SECOND)
    assert empty and bench.kernel.now < 2 * SECOND


def test_the_nearest_policy_counts() -> None:
    limit = (
        "<pendingMessageLimitStrategy><constantPendingMessageLimitStrategy limit='{}'/></pendingMessageLimitStrategy>"
    )
    wide, near = limit.format(1000), limit.format(5)
    bench = Bench(
        policy(f'<policyEntry topic="&gt;">{wide}</policyEntry><policyEntry topic="a.&gt;">{near}</policyEntry>')
    )
    bench.subscribe("topic://a.b", acknowledges=False, prefetch=10, network=True, target="other")
    bench.send("topic://a.b", *map(str, range(30)))
    assert bench.counters("topic://a.b")["discarded"] == 15


def test_without_advisories_nobody_learns_of_consumers() -> None:
    bench = Bench(configuration(attributes='advisorySupport="false"'))
    told: list[ConsumerInfo] = []
    bench.broker.follow_consumers(lambda info, there: told.append(info))
    bench.subscribe("queue://a")
    assert told == []


def test_declared_destinations_are_there_from_the_start() -> None:
    bench = Bench(configuration('<destinations><queue physicalName="a"/><topic physicalName="b.c"/></destinations>'))
    assert list(bench.broker.counters().destinations) == ["queue://a", "topic://b.c"]


def test_a_release_without_a_model_is_refused_by_name() -> None:
    with pytest.raises(PlanError, match=r"no model of ActiveMQ 5\.16\.7"):
        Bench(release="5.16.7")


def test_a_duplicate_is_no_dead_letter_by_default_in_any_release() -> None:
    for release in ("5.17.6", "5.18.3", "5.19.1"):
        bench = Bench(release=release)
        bench.subscribe("queue://a")
        bench.send("queue://a", "1", id="ID:other:1:7")
        bench.send("queue://a", "1", id="ID:other:1:7")
        assert bench.counters("queue://ActiveMQ.DLQ").get("enqueued", 0) == 0


def test_each_line_that_it_writes_is_like_one_of_the_samples() -> None:
    named = {name_of(f"{each.logger} | {each.text}") for each in samples("tokyo", ["ann"], ["queue://a"])}
    assert sorted(named) == ["", "client-id-taken", "duplicate", "not-authorized", "password-invalid", "slow-consumer"]


def test_its_total_of_consumers_counts_those_of_advisories_as_real_brokers_do() -> None:
    bench = Bench()
    bench.broker.follow_consumers(lambda info, there: None, by=bench.sender)
    bench.broker.follow_consumers(lambda info, there: None)  # the lab's own, which nobody sees
    assert bench.broker.counters().broker["consumers"] == 0
    taker = bench.subscribe("queue://a")
    assert bench.broker.counters().broker["consumers"] == 2  # a bridge's is one on each topic of the advisories
    assert taker.subscription is not None
    taker.subscription.close()
    assert bench.broker.counters().broker["consumers"] == 1


def test_its_id_is_another_one_after_each_start() -> None:
    bench = Bench()
    before = bench.broker.id
    bench.broker.stop()
    bench.wait(SECOND)
    bench.start()
    assert bench.broker.id != before

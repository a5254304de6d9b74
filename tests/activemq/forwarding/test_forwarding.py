"""Who learns of a consumer, and where a message then goes, in networks whose answers are known from ActiveMQ."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from lab.activemq.forwarding.demand import Consumer, Demand, Stop, spread
from lab.activemq.forwarding.network import Bridge, Composite, Network
from lab.activemq.forwarding.passage import Passage, carry
from lab.activemq.forwarding.settings import Forwarding, forwarding

ORDERS = "queue://orders"
NEWS = "topic://news"
FREE = Forwarding(message_ttl=-1, consumer_ttl=-1)


def duplex(here: str, there: str, forwarding: Forwarding | None = None, name: str = "") -> list[Bridge]:
    """Return both directions of a duplex connector of `here`."""
    rules = forwarding or Forwarding()
    return [
        Bridge(connector=name or f"{here}-{there}", initiator=here, source=source, target=target, forwarding=rules)
        for source, target in ((here, there), (there, here))
    ]


def network(*bridges: Sequence[Bridge], replaying: Sequence[tuple[str, str]] = ()) -> Network:
    return Network(bridges=tuple(each for some in bridges for each in some), replaying=tuple(replaying))


def line(forwarding: Forwarding | None = None) -> Network:
    """Return three brokers in a line: a, b, c."""
    return network(duplex("a", "b", forwarding), duplex("b", "c", forwarding))


def ring(forwarding: Forwarding) -> Network:
    return network(duplex("a", "b", forwarding), duplex("b", "c", forwarding), duplex("c", "a", forwarding))


def sent(its: Network, source: str, destination: str, *consumers: Consumer) -> tuple[Demand, Passage]:
    demand = spread(its, consumers)
    return demand, carry(its, demand, source, destination)


def reaches(its: Network, source: str, target: str, destination: str) -> bool:
    demand, passage = sent(its, source, destination, Consumer(broker=target, destination=destination))
    return any(each.number in passage.sure for each in demand.subscriptions if each.bridge is None)


def stops(demand: Demand) -> set[tuple[str, Stop]]:
    return {(f"{each.bridge.source}→{each.bridge.target}", each.stop) for each in demand.refusals}


@pytest.mark.parametrize("destination", [ORDERS, NEWS])
def test_a_neighbour_is_reached_and_the_one_after_it_is_not(destination: str) -> None:
    assert reaches(line(), "a", "b", destination)
    assert reaches(line(), "b", "a", destination)
    assert not reaches(line(), "a", "c", destination)
    assert ("a→b", Stop.CONSUMER_TTL) in stops(spread(line(), [Consumer(broker="c", destination=destination)]))


@pytest.mark.parametrize("destination", [ORDERS, NEWS])
@pytest.mark.parametrize(
    ("message", "consumer", "expected"), [(2, 2, True), (1, 2, False), (2, 1, False), (-1, -1, True), (0, 2, False)]
)
def test_both_ttls_have_to_be_long_enough(destination: str, message: int, consumer: int, expected: bool) -> None:
    its = line(Forwarding(message_ttl=message, consumer_ttl=consumer))
    assert reaches(its, "a", "c", destination) is expected


@pytest.mark.parametrize("destination", [ORDERS, NEWS])
@pytest.mark.parametrize("name", ["consumerTTL", "messageTTL", "networkTTL"])
def test_a_ttl_of_0_keeps_the_advisories_of_a_duplex_connector_from_crossing(destination: str, name: str) -> None:
    """A one-way connector learns of them whatever its TTLs; which messages cross is another matter."""
    consumer = Consumer(broker="b", destination=destination)
    stop = Stop.CONSUMER_TTL if name == "consumerTTL" else Stop.MESSAGE_TTL
    for duplexed, learns in (("false", True), ("true", False)):
        its = network(duplex("a", "b", forwarding({name: "0", "duplex": duplexed}, release="5.18.3"))[:1])
        demand = spread(its, [consumer])
        assert any(each.bridge is not None for each in demand.subscriptions) is learns
        assert [each.stop for each in demand.refusals] == ([] if learns else [stop])


def test_a_queues_message_that_may_not_go_on_stays_on_the_broker_between() -> None:
    its = line(Forwarding(message_ttl=1, consumer_ttl=2))
    _, passage = sent(its, "a", ORDERS, Consumer(broker="c", destination=ORDERS))
    assert passage.stuck == {"b"}
    assert not passage.copies
    assert {each.stop for each in passage.refusals} == {Stop.MESSAGE_TTL}


def test_the_first_bridge_needs_the_longer_demand_and_the_last_the_longer_message() -> None:
    short_at_first = network(
        duplex("a", "b", Forwarding(message_ttl=1, consumer_ttl=2)),
        duplex("b", "c", Forwarding(message_ttl=2, consumer_ttl=1)),
    )
    assert reaches(short_at_first, "a", "c", ORDERS)
    assert not reaches(short_at_first, "c", "a", ORDERS)


def test_a_one_way_connector_carries_one_way() -> None:
    its = network(duplex("a", "b")[:1])
    assert reaches(its, "a", "b", ORDERS)
    assert not reaches(its, "b", "a", ORDERS)


@pytest.mark.parametrize("seed", range(20))
def test_a_topics_message_comes_once_in_a_ring(seed: int) -> None:
    its = ring(FREE)
    demand = spread(its, [Consumer(broker="c", destination=NEWS)], order=random.Random(seed))
    assert set(carry(its, demand, "a", NEWS).copies.values()) == {1}


def test_a_topics_message_comes_twice_in_a_ring_if_duplicates_are_not_suppressed() -> None:
    its = ring(replace(FREE, suppress_duplicate_topic_subscriptions=False))
    _, passage = sent(its, "a", NEWS, Consumer(broker="c", destination=NEWS))
    assert set(passage.copies.values()) == {2}


def test_two_connectors_for_the_same_give_a_topic_once_and_share_a_queue() -> None:
    its = network(duplex("a", "b", name="one"), duplex("a", "b", name="two"))
    demand, passage = sent(its, "a", NEWS, Consumer(broker="b", destination=NEWS))
    assert set(passage.copies.values()) == {1}
    assert ("a→b", Stop.DUPLICATE) in stops(demand)
    demand = spread(its, [Consumer(broker="b", destination=ORDERS)])
    assert {each.bridge.connector for each in demand.at("a", ORDERS) if each.bridge} == {"one", "two"}


def test_a_wildcards_consumer_joins_the_subscription_that_covers_it() -> None:
    its = network(duplex("a", "b"))
    both = [Consumer(broker="b", destination="topic://news.>"), Consumer(broker="b", destination="topic://news.sport")]
    assert len([each for each in spread(its, both).subscriptions if each.broker == "a"]) == 1
    narrow_first = spread(its, both[::-1])
    assert len([each for each in narrow_first.subscriptions if each.broker == "a"]) == 2


def test_consumers_of_one_topic_get_a_copy_each_for_each_subscription_without_conduit() -> None:
    its = network(
        duplex("a", "b", Forwarding(conduit_subscriptions=False, suppress_duplicate_topic_subscriptions=False))
    )
    _, passage = sent(its, "a", NEWS, Consumer(broker="b", destination=NEWS), Consumer(broker="b", destination=NEWS))
    assert set(passage.copies.values()) == {2}


def test_an_exclusion_wins_and_an_inclusion_shuts_out_all_else() -> None:
    queues = Forwarding(included=("queue://>",), excluded=("queue://secret.>",))
    its = network(duplex("a", "b", queues))
    assert reaches(its, "a", "b", ORDERS)
    assert not reaches(its, "a", "b", "queue://secret.keys")
    assert not reaches(its, "a", "b", NEWS)
    assert ("a→b", Stop.NOT_INCLUDED) in stops(spread(its, [Consumer(broker="b", destination=NEWS)]))


def test_a_wildcards_consumer_is_not_what_an_inclusion_of_one_name_covers() -> None:
    its = network(duplex("a", "b", Forwarding(included=("topic://news.sport",))))
    _, passage = sent(its, "a", "topic://news.sport", Consumer(broker="b", destination="topic://news.>"))
    assert not passage.copies


def test_a_message_that_an_exclusion_covers_stays_in_flight_for_a_wildcards_consumer() -> None:
    its = network(duplex("a", "b", Forwarding(excluded=("queue://jobs.secret",))))
    _, passage = sent(its, "a", "queue://jobs.secret", Consumer(broker="b", destination="queue://jobs.>"))
    assert not passage.copies
    assert {each.stop for each in passage.refusals} == {Stop.EXCLUDED}


def test_a_statically_included_queue_crosses_without_a_consumer() -> None:
    its = network(duplex("a", "b", Forwarding(static=(ORDERS,)))[:1])
    _, passage = sent(its, "a", ORDERS)
    assert passage.stuck == {"b"}


def test_a_static_bridge_learns_of_no_consumer() -> None:
    its = network(duplex("a", "b", Forwarding(static=(ORDERS,), static_bridge=True)))
    assert not reaches(its, "a", "b", NEWS)
    assert reaches(its, "a", "b", ORDERS)


def test_a_local_consumer_is_before_a_network_one_only_if_priorities_are_decreased() -> None:
    ends = {}
    for decreased in (True, False):
        its = network(duplex("a", "b", Forwarding(decrease_network_consumer_priority=decreased)))
        both = Consumer(broker="a", destination=ORDERS), Consumer(broker="b", destination=ORDERS)
        _, passage = sent(its, "a", ORDERS, *both)
        ends[decreased] = (len(passage.sure), len(passage.copies))
    assert ends == {True: (1, 2), False: (0, 2)}  # by chance, or when the first is full


def test_a_message_goes_back_where_it_came_from_only_if_that_is_asked_for() -> None:
    consumers = (Consumer(broker="a", destination=ORDERS), Consumer(broker="b", destination=ORDERS))
    bridges = duplex("a", "b")
    for replaying, expected in (((), {"b"}), ((("b", "queue://>"),), set())):
        its = network(bridges, replaying=replaying)
        demand = spread(its, consumers)
        left = Demand(  # the consumer on b has gone after the message came
            subscriptions=tuple(each for each in demand.subscriptions if each.broker != "b" or each.bridge is not None),
            refusals=(),
        )
        message = carry(its, replace(left), "b", ORDERS)
        assert message.stuck == set()  # b's own message goes to a
        forwarded = carry(its, left, "b", ORDERS, path=("a",))
        assert forwarded.stuck == expected


def test_a_virtual_topics_copies_go_to_the_queues_of_its_consumers() -> None:
    its = network(duplex("a", "b"))
    _, passage = sent(
        its, "a", "topic://VirtualTopic.news", Consumer(broker="b", destination="queue://Consumer.x.VirtualTopic.news")
    )
    assert set(passage.copies.values()) == {1}


def test_a_virtual_topics_queue_gets_two_copies_if_its_topic_is_subscribed_beside_it() -> None:
    its = network(duplex("a", "b"))
    queue = Consumer(broker="b", destination="queue://Consumer.x.VirtualTopic.news")
    topic = Consumer(broker="b", destination="topic://VirtualTopic.news")
    _, passage = sent(its, "a", "topic://VirtualTopic.news", queue, topic)
    assert sorted(passage.copies.values()) == [1, 2]


def test_a_composite_consumer_makes_a_demand_for_each_part_from_5_17_5_on() -> None:
    for splits, expected in ((True, {"queue://x", "queue://y"}), (False, {"queue://x,y"})):
        its = network(duplex("a", "b", Forwarding(splits_composite_consumers=splits)))
        demand = spread(its, [Consumer(broker="b", destination="queue://x,y")])
        assert {each.destination for each in demand.subscriptions if each.broker == "a"} == expected


@pytest.mark.parametrize(("initiator", "copies"), [("a", 1), ("b", 2)])
def test_a_better_demand_takes_the_place_of_a_worse_one_only_in_a_bridge_that_the_broker_itself_asked_for(
    initiator: str, copies: int
) -> None:
    worse = Forwarding(decrease_network_consumer_priority=True, message_ttl=-1, consumer_ttl=-1)
    better = replace(worse, decrease_network_consumer_priority=False)
    direct = duplex("a", "b", worse) if initiator == "a" else duplex("b", "a", worse)
    its = network(direct, duplex("a", "c", better), duplex("c", "b", better))
    _, passage = sent(its, "a", NEWS, Consumer(broker="b", destination=NEWS))
    assert set(passage.copies.values()) == {copies}


def test_a_destination_filter_lets_a_bridge_learn_of_no_other_demand() -> None:
    its = network(duplex("a", "b", Forwarding(destination_filter=("queue://orders.>",))))
    assert reaches(its, "a", "b", "queue://orders.eu")
    assert not reaches(its, "a", "b", NEWS)
    assert ("a→b", Stop.FILTERED) in stops(spread(its, [Consumer(broker="b", destination=NEWS)]))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Queue.orders.>", ("queue://orders.>",)),
        ("ActiveMQ.Advisory.Consumer.Topic.>,ActiveMQ.Advisory.Consumer.Queue.a", ("topic://>", "queue://a")),
        ("Topic.>,Queue.a", ("topic://>",)),
        ("NO_DESTINATION", ("none://NO_DESTINATION",)),
        ("orders.>", ("none://orders.>",)),
        ("queue.a", ("none://queue.a",)),  # advisories have Queue
        ("*.a", ("queue://a", "topic://a")),
        ("Queue.a,ActiveMQ.Advisory.Consumer.>", ()),
        (">", ()),
        ("", ()),
    ],
)
def test_a_destination_filter_names_advisories(written: str, expected: tuple[str, ...]) -> None:
    assert forwarding({"destinationFilter": written}, release="5.18.3").destination_filter == expected


@pytest.mark.parametrize(
    ("release", "decreases", "splits"),
    [
        ("5.16.7", False, False),
        ("5.17.4", False, False),
        ("5.17.6", False, True),
        ("5.18.0", True, False),
        ("5.18.3", True, True),
        ("5.19.1", True, True),
    ],
)
def test_what_differs_between_releases(release: str, decreases: bool, splits: bool) -> None:
    its = forwarding({}, release=release)
    assert (its.decrease_network_consumer_priority, its.splits_composite_consumers) == (decreases, splits)


@pytest.mark.parametrize("kind", ["queue", "topic"])
@pytest.mark.parametrize("broker", ["a", "b"])
def test_a_composite_destination_has_its_messages_elsewhere_wherever_they_come_by(kind: str, broker: str) -> None:
    for keeps in (True, False):
        composite = Composite(broker=broker, pattern=f"{kind}://x.>", to=("queue://y", "topic://z"), keeps=keeps)
        its = replace(network(duplex("a", "b")), composites=(composite,))
        assert reaches(its, "a", "b", f"{kind}://x.1") is keeps
        assert reaches(its, "a", "b", f"{kind}://y")
        heard = [Consumer(broker="b", destination=each) for each in (f"{kind}://x.1", *composite.to)]
        demand, passage = sent(its, "a", f"{kind}://x.1", *heard)
        named = {each.destination: each.number for each in demand.subscriptions if each.bridge is None}
        assert passage.sure >= {named[each] for each in composite.to}


def test_composite_destinations_in_a_circle_are_refused() -> None:
    circle = (
        Composite(broker="a", pattern="queue://x", to=("queue://y",)),
        Composite(broker="a", pattern="queue://y", to=("queue://x",)),
    )
    its = replace(network(duplex("a", "b")), composites=circle)
    with pytest.raises(ValueError, match="in a circle"):
        sent(its, "a", "queue://x")

"""Virtual topics and composite destinations: which queues get a copy, and what stays."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from lab.errors import PlanError
from lab.simulation.broker.session import Refused
from tests.simulation.broker.bench import Bench, configuration

DECLARED = """<destinationInterceptors><virtualDestinationInterceptor><virtualDestinations>{}</virtualDestinations>
</virtualDestinationInterceptor></destinationInterceptors>"""


def declared(rules: str, release: str = "5.18.3") -> Bench:
    return Bench(configuration(DECLARED.format(rules)), release=release)


def test_a_virtual_topics_message_goes_into_the_queues_that_are_there_and_to_listeners() -> None:
    bench = Bench()
    one, other = "queue://Consumer.a.VirtualTopic.x", "queue://Consumer.b.VirtualTopic.x"
    bench.subscribe(one, acknowledges=False)
    listener = bench.subscribe("topic://VirtualTopic.x")
    assert bench.send("topic://VirtualTopic.x", "1") == [None]
    bench.subscribe(other)
    bench.send("topic://VirtualTopic.x", "2")
    assert bench.counters(one)["enqueued"] == 2
    assert bench.counters(other)["enqueued"] == 1
    assert listener.bodies == ["1", "2"]
    assert bench.counters("topic://VirtualTopic.x")["enqueued"] == 2


def test_a_wildcard_consumer_of_virtual_topics_has_a_queue_of_that_name() -> None:
    bench = Bench()
    taker = bench.subscribe("queue://Consumer.a.VirtualTopic.>")
    bench.send("topic://VirtualTopic.x.y", "1")
    assert taker.bodies == ["1"]


def test_each_part_of_a_composite_destination_may_be_a_virtual_topic() -> None:
    bench = Bench()
    queues = [f"queue://Consumer.a.VirtualTopic.{name}" for name in "xy"]
    takers = [bench.subscribe(each) for each in queues]
    assert bench.send("topic://VirtualTopic.x,VirtualTopic.y", "1") == [None]
    assert [each.bodies for each in takers] == [["1"], ["1"]]
    assert [bench.counters(each)["enqueued"] for each in queues] == [1, 1]


def test_another_topic_is_none() -> None:
    bench = Bench()
    bench.subscribe("queue://Consumer.a.prices")
    bench.send("topic://prices", "1")
    assert bench.counters("queue://Consumer.a.prices") == {"consumers": 1}


def test_declared_ones_take_the_place_of_the_usual_one() -> None:
    bench = declared('<virtualTopic name="events.&gt;" prefix="VTC.*." selectorAware="true"/>')
    taker = bench.subscribe("queue://VTC.a.events.x", selector="kind = 'big'")
    bench.subscribe("queue://Consumer.a.VirtualTopic.x")
    bench.send("topic://events.x", "1", properties={"kind": "big"})
    bench.send("topic://events.x", "2", properties={"kind": "small"})
    bench.send("topic://VirtualTopic.x", "3")
    assert taker.bodies == ["1"]
    assert bench.counters("queue://VTC.a.events.x")["enqueued"] == 1
    assert "enqueued" not in bench.counters("queue://Consumer.a.VirtualTopic.x")


def test_a_local_virtual_topic_copies_nothing_that_came_over_a_bridge() -> None:
    bench = declared('<virtualTopic name="&gt;" local="true"/>')
    bench.subscribe("queue://Consumer.a.t")
    bench.send("topic://t", "1", path=("other",))
    assert bench.counters("queue://Consumer.a.t") == {"consumers": 1}


def test_a_composite_queue_sends_all_on_and_keeps_nothing() -> None:
    bench = declared(
        """<compositeQueue name="all"><forwardTo><queue physicalName="a"/><topic physicalName="b"/>
        <filteredDestination queue="c" selector="kind = 'big'"/></forwardTo></compositeQueue>"""
    )
    listener = bench.subscribe("topic://b")
    bench.send("queue://all", "1", properties={"kind": "small"})
    bench.send("queue://all", "2", properties={"kind": "big"})
    assert bench.subscribe("queue://a").bodies == ["1", "2"]
    assert bench.subscribe("queue://c").bodies == ["2"]
    assert listener.bodies == ["1", "2"]
    assert bench.counters("queue://all") == {}
    assert "queue://all" in bench.broker.counters().destinations


def test_a_composite_topic_may_keep_its_own_or_what_matches_nothing() -> None:
    forward = "<forwardTo><filteredDestination queue='c' selector=\"kind = 'big'\"/></forwardTo>"
    bench = declared(
        f'<compositeTopic name="both" forwardOnly="false">{forward}</compositeTopic>'
        f'<compositeTopic name="rest" sendWhenNotMatched="true">{forward}</compositeTopic>'
    )
    both, rest = bench.subscribe("topic://both"), bench.subscribe("topic://rest")
    for topic in ("topic://both", "topic://rest"):
        bench.send(topic, "1", properties={"kind": "small"})
        bench.send(topic, "2", properties={"kind": "big"})
    assert (both.bodies, rest.bodies) == (["1", "2"], ["1"])


def test_a_filter_that_compares_a_text_with_a_number_is_not_guessed() -> None:
    bench = declared(
        """<compositeQueue name="all"><forwardTo><filteredDestination queue="c" selector="price &gt; 100"/>
        </forwardTo></compositeQueue>"""
    )
    with pytest.raises(PlanError, match="cannot evaluate the selector 'price > 100'"):
        bench.send("queue://all", "1", properties={"price": "400"})


def test_a_circle_is_named() -> None:
    bench = declared(
        """<compositeQueue name="a"><forwardTo><queue physicalName="b"/></forwardTo></compositeQueue>
        <compositeQueue name="b"><forwardTo><queue physicalName="a"/></forwardTo></compositeQueue>"""
    )
    with pytest.raises(PlanError, match="round in a circle"):
        bench.send("queue://a", "1")


@pytest.mark.parametrize(("release", "refused"), [("5.18.3", True), ("5.19.1", False)])
def test_a_queue_of_a_topic_without_a_name_cannot_be_made_until_5_19(release: str, refused: bool) -> None:
    """As real brokers of both releases did, over STOMP and AMQP."""
    bench = declared('<virtualTopic name="&gt;" prefix="VTC.*."/>', release)
    said = "Invalid destination name: a non-empty name is required"
    with pytest.raises(Refused, match=said) if refused else nullcontext():
        bench.subscribe("queue://VTC.a.")
    assert bench.send("queue://VTC.b.", "1") == [said if refused else None]
    bench.subscribe("queue://VTC.a.x")
    assert Bench(release=release).send("queue://Consumer.a.", "1") == [None], "the usual one has a name"

"""Where the order of consumers makes no difference, demand that is spread once answers for each of them."""

from __future__ import annotations

import random

import pytest

from lab.activemq.forwarding.network import Bridge, Composite, Network
from lab.activemq.forwarding.settings import Forwarding
from lab.plan.arrival import Listener, carried, demands, in_any_order, outcome_for, sent

TOPIC, QUEUE = "topic://news", "queue://orders"


def duplex(here: str, there: str, rules: Forwarding) -> list[Bridge]:
    return [
        Bridge(connector=f"{here}-{there}", initiator=here, source=source, target=target, forwarding=rules)
        for source, target in ((here, there), (there, here))
    ]


def a_network(dice: random.Random) -> Network:
    """Return a few brokers, mostly without circles, whose bridges have settings of any kind."""
    names = [f"b{number}" for number in range(dice.randint(2, 6))]
    bridges: list[Bridge] = []
    for number, name in enumerate(names[1:], 1):
        ttl = dice.choice((1, 2, 5, -1))
        rules = Forwarding(
            message_ttl=ttl,
            consumer_ttl=ttl,
            duplex=dice.random() < 0.7,
            conduit_subscriptions=dice.random() < 0.6,
            conduit_network_queue_subscriptions=dice.random() < 0.5,
            decrease_network_consumer_priority=dice.random() < 0.5,
            included=dice.choice(((), (), ("topic://>", "queue://>"), ("topic://other",))),
            static=(TOPIC,) if dice.random() < 0.05 else (),
            suppress_duplicate_queue_subscriptions=dice.random() < 0.3,
        )
        both = duplex(name, names[0] if dice.random() < 0.4 else names[dice.randrange(number)], rules)
        bridges += both if rules.duplex else both[:1]
    if len(names) > 2 and dice.random() < 0.15:
        here, there = dice.sample(names, 2)
        bridges += duplex(here, there, Forwarding(message_ttl=-1, consumer_ttl=-1, duplex=True))
    composites = (Composite(broker="b0", pattern=TOPIC, to=(QUEUE,), keeps=True),) if dice.random() < 0.1 else ()
    return Network(bridges=tuple(bridges), composites=composites)


@pytest.mark.parametrize("destination", [TOPIC, QUEUE])
def test_consumers_whose_order_makes_no_difference_are_answered_together_as_one_by_one(destination: str) -> None:
    dice, free = random.Random(destination), 0
    for _ in range(400):
        network = a_network(dice)
        brokers = sorted({each for bridge in network.bridges for each in (bridge.source, bridge.target)})
        listeners: list[Listener] = [(each, destination) for each in brokers if dice.random() < 0.8]
        if not listeners or not in_any_order(network, listeners):
            continue
        free += 1
        together = demands(network, *listeners[0], listeners[1:])
        for source in brokers:
            one_message = carried(network, together, source, destination)
            for number, its in enumerate(listeners):
                others = [each for each in listeners if each != its]
                alone, found = (
                    sent(network, demands(network, *its, others), source, destination),
                    outcome_for(one_message, number),
                )
                assert (found.arrival, found.copies, found.ways, found.stuck) == (
                    alone.arrival, alone.copies, alone.ways, alone.stuck,
                )  # fmt: skip
    assert free > 50


def test_the_order_makes_a_difference_where_a_ttl_or_a_circle_does() -> None:
    line = [*duplex("a", "b", Forwarding(duplex=True)), *duplex("b", "c", Forwarding(duplex=True))]
    assert not in_any_order(Network(bridges=tuple(line)), [("a", TOPIC), ("b", TOPIC)])
    far = Forwarding(consumer_ttl=-1, message_ttl=-1, duplex=True)
    line = [*duplex("a", "b", far), *duplex("b", "c", far)]
    assert in_any_order(Network(bridges=tuple(line)), [("a", TOPIC), ("b", TOPIC)])
    assert not in_any_order(Network(bridges=(*line, *duplex("c", "a", far))), [("a", TOPIC), ("b", TOPIC)])
    assert not in_any_order(Network(bridges=tuple(line)), [("a", TOPIC), ("b", "topic://>")])
    assert not in_any_order(Network(bridges=tuple(line)), [("a", QUEUE), ("b", QUEUE)])  # together, first come


def test_the_order_makes_a_difference_where_one_bridge_ranks_consumers_and_another_joins_them() -> None:
    rules = dict.fromkeys(("message_ttl", "consumer_ttl"), -1)
    ranking = Forwarding(**rules, duplex=True, conduit_subscriptions=False)
    joining = Forwarding(
        **rules, duplex=True, conduit_network_queue_subscriptions=True, decrease_network_consumer_priority=False
    )
    plain = Forwarding(**rules, duplex=True, conduit_subscriptions=False, decrease_network_consumer_priority=False)
    ends = (*duplex("hub", "far", ranking), *duplex("edge", "hub", joining), *duplex("edge", "side", plain))
    network, first, second, third = Network(bridges=ends), ("hub", QUEUE), ("far", QUEUE), ("side", QUEUE)
    found = [
        sent(network, demands(network, *order[0], order[1:]), "edge", QUEUE).carried[0][1].sure
        for order in ([first, second, third], [second, first, third])
    ]
    assert [len(each) for each in found] == [0, 1]  # who came first decides whether it is sure where one gets
    assert not in_any_order(network, [first, second, third])
    others = (*duplex("edge", "hub", plain), *duplex("edge", "side", plain))
    assert in_any_order(Network(bridges=others), [first, third])

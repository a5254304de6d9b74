"""Answers as ActiveMQ 5.18.3 gives them, turned into observations."""

from dataclasses import replace

from lab.emulation.watch import mbeans
from lab.plan.values import BridgePlan
from lab.runtime.messages import Destination

ROOT = "org.apache.activemq:brokerName=singapore"
WAN = BridgePlan(connector="wan", initiator="tokyo", responder="singapore", duplex=True, user="testuser")
MIRRORED = {
    f"{ROOT},connector=duplexNetworkConnectors,networkBridge=tcp_//10.81.1.10_34526,networkConnectorName=#4": {
        "RemoteBrokerName": "tokyo",
        "RemoteAddress": "tcp://10.81.1.10:34526",
        "CreatedByDuplex": True,
        "EnqueueCounter": 203,
        "DequeueCounter": 200,
        "ReceivedCounter": 200,
    }
}
CLIENTS = {
    "any": {"ClientId": "wan_tokyo_outbound", "RemoteAddress": "tcp://10.81.1.10:34526"},
    "other": {"ClientId": "mqlab-x-tk", "RemoteAddress": "tcp://10.81.3.254:5000"},
}


def _subscription(client: str, destination: str, *, topic: bool = True, network: bool = True, discarded: object = None):
    return {
        "ClientId": client,
        "DestinationName": destination,
        "DestinationQueue": not topic,
        "DestinationTopic": topic,
        "Network": network,
        "DiscardedCount": discarded,
    }


def test_a_mirrored_bridge_gets_the_name_of_its_connector() -> None:
    (seen,) = mbeans.read_bridges("singapore", MIRRORED, CLIENTS, [WAN], t=1.5)
    assert (seen.connector, seen.broker, seen.remote, seen.created_by_duplex) == ("wan", "singapore", "tokyo", True)
    assert (seen.enqueued, seen.dequeued, seen.received, seen.up, seen.t) == (203, 200, 200, True, 1.5)


def test_two_connectors_of_one_pair_are_told_apart_by_their_connections() -> None:
    other = BridgePlan(connector="lan", initiator="tokyo", responder="singapore", duplex=True, user="testuser")
    (seen,) = mbeans.read_bridges("singapore", MIRRORED, CLIENTS, [other, WAN], t=0)
    assert seen.connector == "wan"


def test_a_bridge_that_goes_while_it_is_read_is_not_seen() -> None:
    assert mbeans.read_bridges("singapore", {"x:networkConnectorName=wan": {}}, {}, [WAN], t=0) == ()


def test_destination_counters_are_matched_by_name_and_kind() -> None:
    found = {
        f"{ROOT},destinationName=orders,destinationType=Queue,type=Broker": {
            "Name": "orders",
            "EnqueueCount": 5,
            "ForwardCount": 3,
        },
        f"{ROOT},destinationName=orders,destinationType=Topic,type=Broker": {"Name": "orders", "EnqueueCount": 9},
    }
    consumers = {"a": _subscription("wan_singapore_inbound_tokyo", "orders", discarded=7)}
    queue, topic, missing = mbeans.read_destinations(
        "singapore",
        found,
        consumers,
        [
            Destination(kind="queue", name="orders"),
            Destination(kind="topic", name="orders"),
            Destination(kind="topic", name="x"),
        ],
        t=0,
    )
    assert (queue.destination, queue.enqueued, queue.forwarded, queue.discarded) == ("queue://orders", 5, 3, 0)
    assert (topic.enqueued, topic.discarded) == (9, 7)
    assert (missing.enqueued, missing.consumers) == (0, 0)


def test_a_duplex_bridge_works_only_once_each_end_listens_to_the_other() -> None:
    there = {
        "a": _subscription("wan_tokyo_inbound_singapore", "ActiveMQ.Advisory.Consumer.>,ActiveMQ.Advisory.TempQueue")
    }
    here = {
        "a": _subscription("wan_singapore_inbound_tokyo", "ActiveMQ.Advisory.Consumer.>,ActiveMQ.Advisory.TempQueue")
    }
    assert mbeans.listens_for_demand(WAN, here, there)
    assert not mbeans.listens_for_demand(WAN, {}, there)
    assert not mbeans.listens_for_demand(WAN, here, {})
    assert not mbeans.listens_for_demand(WAN, there, here)


def test_a_one_way_bridge_logs_in_at_the_responder_alone() -> None:
    one_way = replace(WAN, duplex=False)
    there = {"a": _subscription("wan_tokyo_outbound", "ActiveMQ.Advisory.Consumer.>", network=False)}
    somebody_else = {"a": _subscription("wan_osaka_outbound", "ActiveMQ.Advisory.Consumer.>", network=False)}
    assert mbeans.listens_for_demand(one_way, {}, there)
    assert not mbeans.listens_for_demand(one_way, {}, somebody_else)


def test_object_names_come_apart() -> None:
    name = "org.apache.activemq:type=Broker,destinationName=MQ Test Tokyo-to-Singapore,destinationType=Topic"
    assert mbeans.keys(name)["destinationName"] == "MQ Test Tokyo-to-Singapore"


def test_durable_subscriptions_end_whose_client_is_away_but_those_of_bridges() -> None:
    def durable(client: str, name: str, *, active: bool) -> dict[str, object]:
        return {"ClientId": client, "SubscriptionName": name, "Active": active}

    found = {
        f"{ROOT},one": durable("phone", "AT_LEAST_ONCE:a", active=False),
        f"{ROOT},the same on another topic": durable("phone", "AT_LEAST_ONCE:a", active=False),
        f"{ROOT},two": durable("here", "ledger", active=True),
        f"{ROOT},three": durable("wan_tokyo_inbound", "NC-DS_tokyo_a", active=False),
        f"{ROOT},four": durable("other", "", active=True),
    }
    root, _ = mbeans.broker("singapore")
    assert mbeans.endings("singapore", found) == [(root, "destroyDurableSubscriber", ("phone", "AT_LEAST_ONCE:a"))]


def test_queues_are_emptied_and_topics_go_that_nobody_listens_to() -> None:
    def named(kind: str, name: str, consumers: int, queued: int = 0) -> tuple[str, dict[str, object]]:
        counted = {"Name": name, "ConsumerCount": consumers, "QueueSize": queued}
        return f"{ROOT},destinationType={kind},destinationName={name}", counted

    found = dict(
        [
            named("Queue", "orders", 1, queued=3),
            named("Queue", "empty", 1),
            named("Queue", "ActiveMQ.DLQ", 0, queued=1),
            named("Topic", "prices", 0),
            named("Topic", "heard", 1),
            named("Topic", "ActiveMQ.Advisory.Topic", 0),
        ]
    )
    root, _ = mbeans.broker("singapore")
    assert mbeans.purges("singapore", found) == [
        (f"{ROOT},destinationType=Queue,destinationName=orders", "purge", ()),
        (f"{ROOT},destinationType=Queue,destinationName=ActiveMQ.DLQ", "purge", ()),
        (root, "removeTopic", ("prices",)),
    ]

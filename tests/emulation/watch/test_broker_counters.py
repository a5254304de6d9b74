"""A broker's part of a snapshot, from answers as ActiveMQ 5.18.3 gives them."""

from __future__ import annotations

from typing import Any

from lab.emulation.watch import broker_counters, mbeans
from lab.history import Counted, SnapshotTaken
from lab.plan.values import BridgePlan
from lab.runtime.messages import Destination

ROOT = "org.apache.activemq:brokerName=tokyo"
WAN = BridgePlan(connector="wan", initiator="tokyo", responder="singapore", duplex=True, user="testuser")
TOTALS = {
    f"{ROOT},type=Broker": {
        "BrokerId": "ID:tokyo-1", "TotalEnqueueCount": 4, "TotalDequeueCount": "no such", "MemoryPercentUsage": 3,
        "InactiveDurableTopicSubscribers": [{"objectName": "one"}],
    },
}  # fmt: skip
DESTINATIONS = {
    f"{ROOT},destinationName=prices,destinationType=Topic,type=Broker": {
        "Name": "prices", "EnqueueCount": 4, "ForwardCount": 2, "QueueSize": 0,
    },
    f"{ROOT},destinationName=ActiveMQ.Advisory.Connection,destinationType=Topic,type=Broker": {
        "Name": "ActiveMQ.Advisory.Connection", "EnqueueCount": 9,
    },
    f"{ROOT},destinationName=gone,destinationType=Topic,type=Broker": {},
}  # fmt: skip
BRIDGES = {
    f"{ROOT},connector=networkConnectors,networkBridge=tcp_//10.2.0.10_61617,networkConnectorName=wan": {
        "RemoteBrokerName": "singapore", "RemoteAddress": "tcp://10.2.0.10:61617", "LocalAddress": "vm://tokyo#1",
        "CreatedByDuplex": False, "EnqueueCounter": 5, "DequeueCounter": 2, "ReceivedCounter": 0,
    }
}  # fmt: skip
CONNECTIONS = {
    f"{ROOT},connector=clientConnectors,connectorName=mqtt,connectionName={name}": {"ClientId": name} for name in "ab"
}


def consumer(name: str, *, network: bool = True, discarded: int = 0) -> dict[str, Any]:
    return {"ClientId": "x", "DestinationName": name, "DestinationTopic": True, "Network": network,
            "DiscardedCount": discarded}  # fmt: skip


CONSUMERS = {
    "one": consumer("prices", discarded=2),
    "two": consumer("prices", network=False, discarded=7),
    "three": consumer("ActiveMQ.Advisory.Consumer.>"),
}


def part() -> dict[tuple[str, str], Counted]:
    seen = broker_counters.read(
        "before", "tokyo", (TOTALS, DESTINATIONS, CONSUMERS, BRIDGES, CONNECTIONS), [WAN], t=1.5
    )
    assert seen[-1] == SnapshotTaken(t=1.5, snapshot="before", broker="tokyo")
    return {(each.of, each.name): each for each in seen if isinstance(each, Counted)}


def test_everything_but_advisories_and_what_has_gone_is_counted() -> None:
    found = part()
    assert set(found) == {("broker", "tokyo"), ("destination", "topic://prices"), ("bridge", "wan"),
                          ("connector", "mqtt")}  # fmt: skip
    assert found["connector", "mqtt"].counters == {"connections": 2}
    assert found["bridge", "wan"].counters == {"enqueued": 5, "dequeued": 2, "received": 0}


def test_only_a_bridges_consumer_discards_for_a_slow_bridge() -> None:
    counters = part()["destination", "topic://prices"].counters
    assert (counters["discarded"], counters["network-consumers"], counters["forwarded"]) == (2, 1, 2)


def test_a_counter_that_a_version_lacks_is_left_out() -> None:
    counters = part()["broker", "tokyo"].counters
    assert counters["enqueued"] == 4
    assert "dequeued" not in counters


def test_a_broker_counts_its_destinations_and_consumers_without_advisories() -> None:
    counters = part()["broker", "tokyo"].counters
    assert (counters["topics"], counters["queues"]) == (1, 0)
    assert (counters["subscriptions"], counters["network-consumers"]) == (2, 1)


def test_a_list_is_counted_and_one_that_is_not_told_is_left_out() -> None:
    counters = part()["broker", "tokyo"].counters
    assert (counters["inactive-durables"], counters["memory-percent"]) == (1, 3)


def test_a_session_tells_a_restart_and_a_reconnect() -> None:
    found = part()
    assert found["broker", "tokyo"].session == "ID:tokyo-1"
    assert found["bridge", "wan"].session == "vm://tokyo#1 tcp://10.2.0.10:61617"


def test_all_is_asked_in_one_request() -> None:
    assert len(broker_counters.queries("tokyo")) == 5


def test_demand_of_one_bridge_is_told_from_that_of_another() -> None:
    prices = Destination(kind="topic", name="prices")
    there = {"one": consumer("prices") | {"ClientId": "spoke-topics_spoke_inbound_hub"}}
    assert mbeans.demands(there, prices) and mbeans.demands(
        there, prices, [("spoke-topics", "spoke", "inbound", "hub")]
    )
    assert not mbeans.demands(there, prices, [("spoke-topics", "other", "inbound", "hub")])


def test_demand_is_also_there_by_a_wildcard() -> None:
    wild = {"one": consumer("a.>")}
    assert mbeans.demands(wild, Destination(kind="topic", name="a.b"))
    assert mbeans.demands(wild, Destination(kind="topic", name="a.>"))
    assert mbeans.demands(wild, Destination(kind="topic", name="a.*")), "of all that it stands for"
    assert not mbeans.demands(wild, Destination(kind="queue", name="a.b"))
    assert not mbeans.demands({"one": consumer("a.b")}, Destination(kind="topic", name="a.>"))
    assert not mbeans.demands({"one": consumer("a.b", network=False)}, Destination(kind="topic", name="a.b"))


def test_a_queue_behind_a_virtual_topic_is_no_demand_for_the_topic() -> None:
    queue = consumer("Consumer.a.VirtualTopic.b") | {"DestinationQueue": True, "DestinationTopic": False}
    assert mbeans.demands({"one": queue}, Destination(kind="queue", name="Consumer.a.VirtualTopic.b"))
    assert not mbeans.demands({"one": queue}, Destination(kind="topic", name="VirtualTopic.b"))

"""All counters of one broker: the queries, for one request, and the answers as observations. Pure.

Advisory topics are excluded: they come and go with every consumer, and carry no messages of clients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.activemq.destinations import ADVISORY
from lab.emulation.watch import mbeans
from lab.emulation.watch.mbeans import Answer
from lab.history import Counted, SnapshotTaken
from lab.plan.values import BridgePlan

_OF_BROKER = {  # our name → the MBean's
    "enqueued": "TotalEnqueueCount",
    "dequeued": "TotalDequeueCount",
    "waiting": "TotalMessageCount",
    "consumers": "TotalConsumerCount",
    "producers": "TotalProducerCount",
    "connections": "CurrentConnectionsCount",
    "memory-percent": "MemoryPercentUsage",
}
_INACTIVE_DURABLES = "InactiveDurableTopicSubscribers"  # a list of object names
_OF_DESTINATION = {
    "enqueued": "EnqueueCount",
    "dequeued": "DequeueCount",
    "dispatched": "DispatchCount",
    "forwarded": "ForwardCount",
    "in-flight": "InFlightCount",
    "queued": "QueueSize",
    "consumers": "ConsumerCount",
    "producers": "ProducerCount",
    "expired": "ExpiredCount",
    "duplicates": "DuplicateFromStoreCount",
    "blocked": "BlockedSends",
    "memory-percent": "MemoryPercentUsage",
}
_OF_BRIDGE = {"enqueued": "EnqueueCounter", "dequeued": "DequeueCounter", "received": "ReceivedCounter"}


def queries(name: str) -> tuple[tuple[str, Sequence[str]], ...]:
    """Return the queries for all counters of a broker, each an MBean pattern and its attributes."""
    totals, _ = mbeans.broker(name)
    destinations, _ = mbeans.destinations(name)
    return (
        (totals, ("BrokerId", _INACTIVE_DURABLES, *_OF_BROKER.values())),
        (destinations, ("Name", *_OF_DESTINATION.values())),
        mbeans.subscriptions(name),
        mbeans.bridges(name),
        mbeans.connections(name),
    )


def read(
    snapshot: str, broker: str, answers: Sequence[Answer], planned: Sequence[BridgePlan], t: float
) -> tuple[Counted | SnapshotTaken, ...]:
    """Return a broker's part of a snapshot, from the answers to `queries`."""
    totals, destinations, consumers, bridges, connections = answers
    counted = [
        *_broker(totals, destinations, consumers),
        *_destinations(destinations, consumers),
        *_bridges(broker, bridges, connections, planned),
        *_connectors(connections),
    ]
    return (
        *(Counted(t=t, snapshot=snapshot, broker=broker, **{"name": broker, **each}) for each in counted),
        SnapshotTaken(t=t, snapshot=snapshot, broker=broker),
    )


def silent(snapshot: str, broker: str, t: float) -> SnapshotTaken:
    """Return the part of a snapshot of a broker that did not answer."""
    return SnapshotTaken(t=t, snapshot=snapshot, broker=broker, answered=False)


def _broker(answer: Answer, destinations: Answer, consumers: Answer) -> Iterator[dict[str, Any]]:
    listed = Counter(destination.partition("://")[0] for destination, _ in _listed(destinations))
    its = [each for each in mbeans.read_subscriptions(consumers) if not each.destination.name.startswith(ADVISORY)]
    of_all = {
        "topics": listed["topic"],
        "queues": listed["queue"],
        "subscriptions": len(its),
        "network-consumers": sum(each.network for each in its),
    }
    for values in answer.values():
        session = str(values.get("BrokerId") or "")  # it holds the moment of the broker's start
        durables = values.get(_INACTIVE_DURABLES)
        away = {"inactive-durables": len(durables)} if isinstance(durables, list) else {}
        yield {"of": "broker", "counters": _numbers(values, _OF_BROKER) | of_all | away, "session": session}


def _destinations(answer: Answer, consumers: Answer) -> Iterator[dict[str, Any]]:
    discarded: Counter[str] = Counter()
    network: Counter[str] = Counter()
    for subscription in mbeans.read_subscriptions(consumers):
        if subscription.network:
            discarded[str(subscription.destination)] += subscription.discarded
            network[str(subscription.destination)] += 1
    for destination, values in _listed(answer):
        counters = _numbers(values, _OF_DESTINATION)
        counters |= {"network-consumers": network[destination], "discarded": discarded[destination]}
        yield {"of": "destination", "name": destination, "counters": counters}


def _listed(answer: Answer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each destination, except advisory topics, with its attributes."""
    for object_name, values in answer.items():
        name = str(values.get("Name") or "")
        if name and not name.startswith(ADVISORY):
            yield f"{mbeans.keys(object_name)['destinationType'].lower()}://{name}", values


def _bridges(
    broker: str, answer: Answer, connections: Answer, planned: Sequence[BridgePlan]
) -> Iterator[dict[str, Any]]:
    for object_name, values in answer.items():
        for end in mbeans.read_bridges(broker, {object_name: values}, connections, planned, 0.0):
            yield {
                "of": "bridge",
                "name": end.connector,
                "remote": end.remote,
                "counters": _numbers(values, _OF_BRIDGE),
                "session": f"{values.get('LocalAddress')} {end.remote_address}",  # one of them is new at each reconnect
            }


def _connectors(connections: Answer) -> Iterator[dict[str, Any]]:
    """Yield the number of connections of each transport connector, which has no counter of its own."""
    names = Counter(mbeans.keys(object_name).get("connectorName", "") for object_name in connections)
    for name, number in sorted(names.items()):
        yield {"of": "connector", "name": name, "counters": {"connections": number}}


def _numbers(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """Return the counters that are numbers; for one that a version of ActiveMQ lacks, Jolokia answers in words."""
    return {ours: values[theirs] for ours, theirs in names.items() if type(values.get(theirs)) is int}

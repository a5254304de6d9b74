"""A broker's counters, as its management shows them, in the names that histories have for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lab.activemq.destinations import ADVISORIES
from lab.base.dataclass import dataclass
from lab.history import DestinationSeen
from lab.simulation.broker.destination import Destination
from lab.simulation.broker.regions import Regions
from lab.simulation.broker.subscriptions import Subscription, TopicSubscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """All counters of one broker at a moment."""

    broker: Mapping[str, int]
    destinations: Mapping[str, Mapping[str, int]]  # by name, such as queue://a; without those of advisories


def seen(broker: str, regions: Regions, wanted: Sequence[str], t: float) -> tuple[DestinationSeen, ...]:
    """Return the counters of the destinations wanted; all are 0 for a destination that it does not have."""
    return tuple(
        DestinationSeen(
            t=t,
            broker=broker,
            destination=name,
            enqueued=its.enqueued if its else 0,
            dequeued=its.dequeued if its else 0,
            forwarded=its.forwarded if its else 0,
            queued=its.queued if its else 0,
            consumers=its.consumers if its else 0,
            discarded=_discarded(name, regions.subscriptions.values()),
            in_flight=its.in_flight if its else 0,
            expired=its.expired if its else 0,
        )
        for name, its in ((name, regions.all.get(name)) for name in wanted)
    )


def counters(regions: Regions, *, listeners: int, connections: int) -> Counters:
    """Return all counters but those of memory, and of all that was enqueued: advisories on messages are not modelled.

    `listeners` are the consumers of topics of advisories, which the broker's total counts.
    """
    taken = [*regions.subscriptions.values(), *(each for each in regions.durables.values() if each.open)]
    network = Counter(each.info.destination for each in taken if each.info.network)
    all_ = {name: its for name, its in regions.all.items() if not name.startswith(ADVISORIES)}
    kinds = Counter(name.partition("://")[0] for name in all_)
    away = [each for each in regions.durables.values() if not each.open]
    totals = {
        "dequeued": sum(its.dequeued for its in all_.values()),
        "waiting": sum(its.queued for its in all_.values()),
        "consumers": listeners + sum(its.consumers for its in all_.values()),
        "producers": sum(its.producers for its in all_.values()),
        "connections": connections,
        "topics": kinds["topic"],
        "queues": kinds["queue"],
        "subscriptions": len(taken) + len(away),
        "network-consumers": sum(network.values()),
        "inactive-durables": len(away),
    }
    return Counters(
        broker=totals,
        destinations={
            name: _of(its) | {"network-consumers": network[name], "discarded": _discarded(name, taken)}
            for name, its in all_.items()
        },
    )


def _of(destination: Destination) -> dict[str, int]:
    return {
        "enqueued": destination.enqueued,
        "dequeued": destination.dequeued,
        "dispatched": destination.dispatched,
        "forwarded": destination.forwarded,
        "in-flight": destination.in_flight,
        "queued": destination.queued,
        "consumers": destination.consumers,
        "producers": destination.producers,
        "expired": destination.expired,
        "duplicates": destination.duplicates,
        "blocked": 0,
    }


def _discarded(name: str, subscriptions: Iterable[Subscription]) -> int:
    """Return the discards of network subscriptions to exactly this destination: a wildcard's is its own MBean."""
    return sum(
        each.discarded
        for each in subscriptions
        if isinstance(each, TopicSubscription) and each.info.network and each.info.destination == name
    )

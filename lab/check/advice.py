"""The settings that Amazon MQ would remove from a topology's configurations, and advice on configurations.

Removals and advice are no Problems: a run goes on with what the service would save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from lab.amazonmq.configurations.advice import advise_apart_from_connectors
from lab.amazonmq.configurations.sanitising import Removal, Sanitised
from lab.check.broker_advice import (
    advise_on_engines,
    advise_on_pairs,
    advise_on_quotas,
    advise_on_rights,
    advise_on_two_duplex,
)
from lab.declare.origin import Origin
from lab.declare.topology import Topology
from lab.errors import InputError, Place, Problem
from lab.plan.brokers import brokers_by_host, sanitised


def removals(topology: Topology) -> tuple[Removal, ...]:
    """Return the settings that Amazon MQ would remove; a file that several brokers use is listed once.

    A configuration that cannot be read is skipped: `check` reports it.
    """
    found: dict[Removal, None] = {}
    for name in topology.brokers:
        with suppress(InputError):
            found |= dict.fromkeys(sanitised(topology, name).removals)
    return tuple(found)


def advise(topology: Topology, origin: Origin | None = None) -> tuple[Problem, ...]:
    """Return the advice about a topology and its configurations, by place; `check` must have found no Problem."""
    saved = _saved(topology)
    found = [
        *(each for one in saved.values() for each in advise_apart_from_connectors(one)),
        *advise_on_two_duplex(topology, saved),
        *_ttls(topology),
        *_parallel(topology, saved),
        *advise_on_pairs(topology, saved),
        *advise_on_rights(topology, saved),
        *advise_on_quotas(topology, origin or Origin()),
        *advise_on_engines(topology, origin or Origin()),
    ]
    nowhere = Place(file="", line=0, column=0)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.place or nowhere))


def _ttls(topology: Topology) -> Iterator[Problem]:
    if len(topology.brokers) > 2:  # fewer are joined directly, and need no routing table, which takes time to load
        from lab.check.ttl_advice import advise_on_ttls

        yield from advise_on_ttls(topology)


def _parallel(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    ways = tuple(_ways(topology, saved))
    if len(set(ways)) < len(ways):
        from lab.check.parallel_advice import advise_on_parallel

        yield from advise_on_parallel(topology)


def _saved(topology: Topology) -> Mapping[str, Sanitised]:
    return {name: sanitised(topology, name) for name in topology.brokers}


def _ways(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[tuple[str, str]]:
    """Yield for each direction in which a connector carries messages the broker that sends, and the one that takes."""
    known = brokers_by_host(topology)
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes):
                yield name, other
                if connector.duplex:
                    yield other, name

"""The settings that Amazon MQ would remove from a topology's configurations, and advice on configurations.

Removals and advice are no Problems: a run goes on with what the service would save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from lab.amazonmq.configurations.advice import advise_apart_from_connectors
from lab.amazonmq.configurations.authorization import ADVISORIES, authorization_map, missing_rights
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import Removal, Sanitised
from lab.check.engine_advice import advise_on_engines
from lab.check.pair_advice import advise_on_pairs
from lab.check.quota_advice import advise_on_quotas
from lab.dataclass import dataclass
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
    ways = tuple(_ways(topology, saved))
    found = [
        *(each for one in saved.values() for each in advise_apart_from_connectors(one)),
        *_twice_duplex(topology, saved),
        *_routes(topology),
        *_parallel(topology, ways),
        *advise_on_pairs(topology, saved),
        *_rights(topology, saved, ways),
        *advise_on_quotas(topology, origin or Origin()),
        *advise_on_engines(topology, origin or Origin()),
    ]
    nowhere = Place(file="", line=0, column=0)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.place or nowhere))


def _routes(topology: Topology) -> Iterator[Problem]:
    if len(topology.brokers) > 2:  # fewer are joined directly, and need no routing table, which takes time to load
        from lab.check.ttl_advice import advise_on_ttls

        yield from advise_on_ttls(topology)


def _parallel(topology: Topology, ways: Sequence[_Way]) -> Iterator[Problem]:
    if len({(way.source, way.target) for way in ways}) < len(ways):
        from lab.check.parallel_advice import advise_on_parallel

        yield from advise_on_parallel(topology)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A direction in which a connector carries messages, from broker to broker."""

    connector: NetworkConnector
    source: str
    target: str


def _saved(topology: Topology) -> Mapping[str, Sanitised]:
    return {name: sanitised(topology, name) for name in topology.brokers}


def _ways(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[_Way]:
    known = brokers_by_host(topology)
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes):
                ends = [(name, other), (other, name)] if connector.duplex else [(name, other)]
                for source, target in ends:
                    yield _Way(connector=connector, source=source, target=target)


def _twice_duplex(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on two brokers that each initiate a duplex bridge to the other: messages have two paths."""
    known = brokers_by_host(topology)
    asked: dict[tuple[str, str], NetworkConnector] = {}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes if connector.duplex):
                asked.setdefault((name, other), connector)
                back = asked.get((other, name))
                if back is not None:
                    rival = f"under the one name {connector.name}, so one is refused again and again"
                    yield Problem(
                        what=f"{name} and {other} both ask for a duplex bridge to each other"
                        + (f" {rival}" if back.name == connector.name else ", so there are two"),
                        remedy="remove duplex, or this connector: one bridge is enough; the other "
                        f"connector is at {back.place}",
                        place=connector.place,
                    )


def _rights(topology: Topology, saved: Mapping[str, Sanitised], ways: Sequence[_Way]) -> Iterator[Problem]:
    """Yield advice on connectors whose user lacks rights on advisories at either end."""
    for way in ways:
        for broker in (way.source, way.target):
            user = topology.brokers[broker].users.get(way.connector.user_name or "")
            configuration = saved[broker].configuration
            found = authorization_map(configuration)
            missing = missing_rights(configuration, user.groups) if user else ()
            if found is not None and missing:
                name = way.connector.name
                yield Problem(
                    what=f"{way.connector.user_name} may not {' or '.join(missing)} {ADVISORIES} at {broker}, "
                    f"so the bridge of {name} does not come up",
                    remedy=f'add <authorizationEntry topic="{ADVISORIES}" …/> with a group of that user',
                    place=configuration.place(found.start),
                )

"""What the service would remove from a topology's configurations, and advice about them, singly and together.

Removals and advice are no Problems: a run goes on with what the service would save.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from lab.amazonmq.configurations.advice import advise_apart_from_connectors
from lab.amazonmq.configurations.authorization import ADVISORIES, authorization_map, missing_rights
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import Removal, Sanitised
from lab.check.pair_advice import advise_on_pairs
from lab.declare.topology import Topology
from lab.errors import InputError, Place, Problem
from lab.plan.brokers import hosts, sanitised

_LONGEST_NUMBER = 20  # digits of a TTL; a longer one counts as infinite


def removals(topology: Topology) -> tuple[Removal, ...]:
    """Return what the service would remove from the configurations; for a file that several brokers use, once.

    A configuration that cannot be read is left out: `check` reports it.
    """
    found: dict[Removal, None] = {}
    for name in topology.brokers:
        with suppress(InputError):
            found |= dict.fromkeys(sanitised(topology, name).removals)
    return tuple(found)


def advise(topology: Topology) -> tuple[Problem, ...]:
    """Return the advice about a topology's configurations, sorted by place; `check` must have found no Problem."""
    saved = _saved(topology)
    ways = tuple(_ways(topology, saved))
    found = [
        *(each for one in saved.values() for each in advise_apart_from_connectors(one)),
        *_twice_duplex(topology, saved),
        *_too_far(ways),
        *advise_on_pairs(topology, saved),
        *_rights(topology, saved, ways),
    ]
    nowhere = Place(file="", line=0, column=0)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.place or nowhere))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A direction in which a connector carries messages, from broker to broker."""

    connector: NetworkConnector
    configuration: Configuration
    source: str
    target: str

    def ttl(self, kind: str) -> float:
        """Return the number of bridges that a `message`, or a `consumer`'s demand, may pass: the kind's TTL."""
        written = self.connector.element.get(f"{kind}TTL") or self.connector.element.get("networkTTL") or "1"
        if len(written) > _LONGEST_NUMBER:
            return math.inf
        hops = int(written)
        return math.inf if hops < 0 else hops

    def place(self) -> Place:
        """Return the place of the TTL, or of the connector if none is written."""
        for name in ("networkTTL", "messageTTL", "consumerTTL"):
            attribute = self.connector.element.attribute(name)
            if attribute is not None:
                return self.configuration.place(attribute.value_start)
        return self.connector.place


def _saved(topology: Topology) -> Mapping[str, Sanitised]:
    return {name: sanitised(topology, name) for name in topology.brokers}


def _ways(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[_Way]:
    known = {host.lower(): broker for host, broker in hosts(topology).items()}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes):
                ends = [(name, other), (other, name)] if connector.duplex else [(name, other)]
                for source, target in ends:
                    yield _Way(connector=connector, configuration=one.configuration, source=source, target=target)


def _twice_duplex(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on two brokers that each ask for a duplex bridge to the other: messages have two ways to go."""
    known = {host.lower(): broker for host, broker in hosts(topology).items()}
    asked: dict[tuple[str, str], NetworkConnector] = {}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes if connector.duplex):
                asked.setdefault((name, other), connector)
                back = asked.get((other, name))
                if back is not None:
                    yield Problem(
                        what=f"{name} and {other} both ask for a duplex bridge to each other, so there are two",
                        remedy=f"one is enough: leave duplex out, or this connector; the other is at {back.place}",
                        place=connector.place,
                    )


def _too_far(ways: Sequence[_Way]) -> Iterator[Problem]:
    """Yield advice on brokers that are joined only over others by connectors whose TTL is too small."""
    needs: dict[NetworkConnector, tuple[int, _Way, str, str]] = {}
    for source in dict.fromkeys(way.source for way in ways):
        for target, path in _shortest(source, ways).items():
            for number, way in enumerate(path, 1):
                there, back = number, len(path) - number + 1
                need = max(there if way.ttl("message") < there else 0, back if way.ttl("consumer") < back else 0)
                if need > needs.get(way.connector, (0,))[0]:
                    needs[way.connector] = (need, way, source, target)
    for connector, (need, way, source, target) in needs.items():
        yield Problem(
            what=f"{connector.name} does not carry from {source} to {target}, which are joined over other brokers",
            remedy=f'write networkTTL="{need}" if that is meant: it counts bridges, and is 1 when left out',
            place=way.place(),
        )


def _shortest(source: str, ways: Sequence[_Way]) -> Mapping[str, tuple[_Way, ...]]:
    """Return the shortest path from a broker to each other; of parallel connectors it takes the largest TTL."""
    found: dict[str, tuple[_Way, ...]] = {source: ()}
    waiting = [source]
    furthest = sorted(ways, key=lambda way: min(way.ttl("message"), way.ttl("consumer")), reverse=True)
    while waiting:
        here = waiting.pop(0)
        for way in furthest:
            if way.source == here and way.target not in found:
                found[way.target] = (*found[here], way)
                waiting.append(way.target)
    return found


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

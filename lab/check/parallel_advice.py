"""Advice on two connectors that carry the same destinations from one broker to another."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.forwarding.filters import covers
from lab.activemq.forwarding.network import Network
from lab.declare.topology import Topology
from lab.errors import Place, Problem
from lab.plan.arrival import demands, sent
from lab.plan.forwarding import DeclaredBridge, declared_bridges
from lab.plan.routing import ANY, examples

_REMEDY = "remove one, or let them include different destinations (dynamicallyIncludedDestinations); the first is at "


def advise_on_parallel(topology: Topology) -> Iterator[Problem]:
    """Yield advice on each connector that carries a destination between two brokers that an earlier one carries too."""
    found: dict[tuple[str, str], list[DeclaredBridge]] = {}
    for each in declared_bridges(topology):
        found.setdefault((each.bridge.source, each.bridge.target), []).append(each)
    told: set[Place] = set()
    for parallel in found.values():
        for number, second in enumerate(parallel):
            shared = ((first, _shared(first, second)) for first in parallel[:number] if not _apart(first, second))
            first, destinations = next((each for each in shared if each[1]), (second, []))
            if destinations and second.connector.place not in told:
                told.add(second.connector.place)
                yield _worded(first, second, destinations)


def _apart(first: DeclaredBridge, second: DeclaredBridge) -> bool:
    """Return whether two connectors are outside the scope of this advice.

    Brokers that ask each other for a duplex bridge have advice of their own, and of two instances one has no bridge.
    """
    if first.bridge.initiator != second.bridge.initiator:
        return first.connector.duplex and second.connector.duplex
    return {each.host for each in first.connector.remotes}.isdisjoint(each.host for each in second.connector.remotes)


def _shared(first: DeclaredBridge, second: DeclaredBridge) -> list[str]:
    """Return the destinations that both connectors carry: all queues, all topics, and examples from their lists."""
    found = [each for each in examples((first, second)) if _carries(first, each) and _carries(second, each)]
    return [each for each in found if each in ANY.values()] or found


def _carries(declared: DeclaredBridge, destination: str) -> bool:
    rules = declared.bridge.forwarding
    if rules.message_ttl == 0 or not rules.permits(destination):
        return False
    static = any(covers(pattern, destination) for pattern in rules.static)
    return not declared.spare and (static or (not rules.static_bridge and rules.learns_of(destination)))


def _worded(first: DeclaredBridge, second: DeclaredBridge, shared: list[str]) -> Problem:
    source, target = first.bridge.source, first.bridge.target
    both = Network(bridges=(first.bridge, second.bridge))
    words: list[str] = []
    for destination in shared:
        kind, _, name = destination.partition("://")
        copies = sent(both, demands(both, target, destination), source, destination).copies
        if copies > 1:
            effect = "each message comes twice"
        elif kind == "topic":
            effect = "one of the two carries all messages, by chance"
        else:
            effect = "each message takes one of the two, so the order may be lost"
        words.append(f"{f'{kind}s' if destination in ANY.values() else f'the {kind} {name}'} ({effect})")
    return Problem(
        what=f"{second.bridge.label} and {first.bridge.label} carry the same destinations from {source} to {target}: "
        f"{', '.join(words)}",
        remedy=f"{_REMEDY}{first.connector.place}",
        place=second.connector.place,
    )

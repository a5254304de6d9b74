"""Advice on brokers that are connected only through others, where a connector's settings stop messages.

The routing table finds them, with every bridge taken as up: a bridge that cannot come up has advice of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.declare.topology import Topology
from lab.errors import Place, Problem
from lab.plan.arrival import Arrival
from lab.plan.forwarding import DeclaredBridge, declared_bridges
from lab.plan.routing import ANY, Route, RoutingTable

MOST_BROKERS = 30  # brokers of which every pair is tried; 30 in a row take 0.2 s


def advise_on_ttls(topology: Topology) -> Iterator[Problem]:
    """Yield advice on each connector whose TTL alone keeps brokers apart that are joined over it and others.

    A list of destinations that does is taken as meant.
    """
    bridges = declared_bridges(topology)
    if (count := len({each.bridge.source for each in bridges})) > MOST_BROKERS:
        yield Problem(
            what=f"the routes between {count} brokers were not checked: the maximum is {MOST_BROKERS} brokers",
            remedy="run mqlab routes --from A --to B for two brokers",
        )
        return
    direct = {(each.bridge.source, each.bridge.target) for each in bridges}
    joined = tuple(dict.fromkeys(name for pair in direct for name in pair))
    table = RoutingTable(topology, obstacles=False)
    told: dict[tuple[DeclaredBridge, str], dict[str, Route]] = {}
    for kind, destination in ANY.items():
        for source in topology.brokers:
            for target in topology.brokers:
                if source == target or (source, target) in direct or not {source, target} <= set(joined):
                    continue
                route = table.route(source, target, destination)
                if route.arrival is Arrival.NEVER and all("TTL" in need.remedy for need in route.remedies):
                    for need in route.remedies:
                        if need.at is not None:
                            told.setdefault((_first(need.at, told), need.remedy), {}).setdefault(kind, route)
    yield from _worded(told)


def _first(at: DeclaredBridge, blocked: dict[tuple[DeclaredBridge, str], dict[str, Route]]) -> DeclaredBridge:
    """Return the direction by which a connector is known already, or this one."""
    its = (at.bridge.initiator, at.bridge.connector)
    return next((each for each, _ in blocked if (each.bridge.initiator, each.bridge.connector) == its), at)


def _worded(blocked: dict[tuple[DeclaredBridge, str], dict[str, Route]]) -> Iterator[Problem]:
    """Yield the advice on each connector: of several values for one TTL, the largest."""
    largest: dict[tuple[DeclaredBridge, str], tuple[str, dict[str, Route]]] = {}
    for (at, words), routes in blocked.items():
        attribute, _, _ = words.partition("=")
        known = largest.get((at, attribute))
        if known is None or _number(words) > _number(known[0]):
            largest[at, attribute] = (words, {**(known[1] if known else {}), **routes})
    for (at, _), (words, routes) in largest.items():
        route = next(iter(routes.values()))
        what = "" if len(routes) == len(ANY) else f"{next(iter(routes))} "
        yield Problem(
            what=f"{at.bridge.label} does not carry {what}messages from {route.source} to {route.target} "
            f"over other brokers: {next(stop for stop in route.stops if stop.startswith(f'{at.bridge.label} '))}",
            remedy=f"{words} to carry them",
            place=_place(at, words),
        )


def _number(remedy: str) -> int:
    digits = "".join(each for each in remedy if each.isdigit())
    return int(digits) if "TTL" in remedy and digits else 0


def _place(at: DeclaredBridge, remedy: str) -> Place:
    """Return the place of the attribute that a remedy names, or of the connector if it is not written."""
    for attribute in at.connector.xml.attributes:
        if attribute.name.endswith("TTL") and f" {attribute.name}=" in remedy:
            return at.configuration.place(attribute.value_start)
    return at.connector.place

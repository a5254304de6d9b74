"""The routing table of a topology: for each pair of brokers, whether a message gets there, how, or what stops it.

Every answer is the forwarding rules' own: a consumer is put on one broker, its demand spread, a message published to
the other. A remedy is given only after it was tried in the same way.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lab.activemq.forwarding.demand import Consumer, Demand, spread
from lab.activemq.forwarding.filters import covers, parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.passage import Passage, carry
from lab.activemq.forwarding.settings import Forwarding
from lab.declare.topology import Topology
from lab.plan.forwarding import DeclaredBridge, declared_bridges, forbidden_on, forwarding_network
from lab.plan.obstacles import needs, shortest_way

ANY = {"queue": "queue://any.queue.of.its.own", "topic": "topic://any.topic.of.its.own"}
_ORDERS = 20  # further orders of the advisories that are tried in a network with circles, beside their own


class Arrival(StrEnum):
    """Whether a message published at the source gets to a consumer at the target."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"  # by chance: which of two consumers a queue picks, or whose advisory came first
    NEVER = "never"
    UNKNOWN = "unknown"  # a message would take too many steps to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What would let messages through, in words, and the connector to change."""

    words: str
    at: DeclaredBridge


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table: what becomes of messages from one broker to a consumer on another."""

    source: str
    target: str
    destination: str  # as asked, or a name that stands for all of a kind
    arrival: Arrival = Arrival.UNKNOWN
    copies: int = 0  # most copies of one message that the consumer may get
    over: tuple[Bridge, ...] = ()  # the shortest way that a message takes; () if none arrives
    stuck: tuple[str, ...] = ()  # brokers on which a queue's message may stay
    stops: tuple[str, ...] = ()  # why none, or not every one, arrives; in words
    remedies: tuple[Remedy, ...] = ()

    @property
    def hops(self) -> int:
        """The number of bridges on the shortest way."""
        return len(self.over)


def routing_table(
    topology: Topology,
    *,
    destinations: Sequence[str] = (),
    sources: Iterable[str] | None = None,
    targets: Iterable[str] | None = None,
) -> tuple[Route, ...]:
    """Return the routes between all pairs of brokers, or those from `sources` to `targets`, for each destination.

    Destinations are written like queue://orders; a composite one (queue://a,b) has a route for each part, since a
    message goes to all of them. If none are given, there are each kind's, and an example of each pattern that a
    connector's lists name. `check` must have found no Problem in the topology.
    """
    table = RoutingTable(topology)
    asked = tuple(dict.fromkeys(part for each in destinations for part in parts(each))) or table.examples()
    names = tuple(topology.brokers)
    to, of = tuple(names if targets is None else targets), tuple(names if sources is None else sources)
    return tuple(
        table.route(source, target, destination)
        for destination in asked
        for source in of
        for target in to
        if source != target
    )


class RoutingTable:
    """The routes between a topology's brokers over its bridges; the demand of each consumer is spread once.

    Without `obstacles` every bridge is taken as up.
    """

    def __init__(self, topology: Topology, *, obstacles: bool = True) -> None:
        self._topology, self._obstacles = topology, obstacles
        found = declared_bridges(topology)
        self._declared = found if obstacles else tuple(replace(each, obstacle="") for each in found)
        self._bridges_for: dict[str, tuple[DeclaredBridge, ...]] = {}
        self._networks: dict[str, Network] = {}
        self._demands: dict[tuple[str, str], tuple[Demand, ...]] = {}

    def route(self, source: str, target: str, destination: str) -> Route:
        """Return what becomes of a message sent to a destination of one broker, with a consumer on another."""
        key, network = (target, destination), self._network(destination)
        try:
            if key not in self._demands:
                self._demands[key] = _demands(network, target, destination)
            passages = [(demand, carry(network, demand, source, destination)) for demand in self._demands[key]]
        except ValueError as error:
            return Route(source=source, target=target, destination=destination, stops=(str(error),))
        arrival, copies, over, stuck = _summary(passages)
        stops: tuple[str, ...] = ()
        remedies: tuple[Remedy, ...] = ()
        if arrival is Arrival.NEVER:
            stops, remedies = self._why_never(source, target, destination)
        elif arrival is Arrival.SOMETIMES:
            stops = tuple(f"it may stay on {broker}, where no bridge may carry it on" for broker in stuck) or (
                "it depends on whose demand a broker learns of first",
            )
        return Route(
            source=source,
            target=target,
            destination=destination,
            arrival=arrival,
            copies=copies,
            over=over,
            stuck=stuck,
            stops=stops,
            remedies=remedies,
        )

    def _bridges(self, destination: str) -> tuple[DeclaredBridge, ...]:
        """Return the bridges, those with an obstacle too for which a user's rights on the destination are one."""
        if not self._obstacles:
            return self._declared
        if destination not in self._bridges_for:
            self._bridges_for[destination] = tuple(
                each
                if each.obstacle or not (missing := forbidden_on(self._topology, each, destination))
                else replace(each, obstacle=missing)
                for each in self._declared
            )
        return self._bridges_for[destination]

    def _network(self, destination: str) -> Network:
        if destination not in self._networks:
            self._networks[destination] = forwarding_network(self._topology, self._bridges(destination))
        return self._networks[destination]

    def examples(self) -> tuple[str, ...]:
        """Return a queue and a topic that no list names, and an example of each pattern in a connector's lists."""
        return _examples(self._declared)

    def _why_never(self, source: str, target: str, destination: str) -> tuple[tuple[str, ...], tuple[Remedy, ...]]:
        """Return what stops messages on the shortest way that there is, and what would let them through."""
        bridges = self._bridges(destination)
        able = [each for each in bridges if not each.obstacle]
        path = shortest_way(able, source, target, destination) or shortest_way(bridges, source, target, destination)
        if path is None:
            return ("no bridge leads there, over whatever brokers",), ()
        stops: list[str] = []
        changes: dict[DeclaredBridge, Forwarding] = {}
        remedies: list[Remedy] = []
        for number, each in enumerate(path, 1):
            there, back = number, len(path) - number + 1
            for stop, remedy, change in needs(each, destination, there, back):
                stops.append(stop)
                if remedy:
                    remedies.append(Remedy(words=remedy, at=each))
                changes[each] = change(changes.get(each, each.bridge.forwarding))
        told = tuple(dict.fromkeys(stops)) or ("no setting of one connector stops it: several together do",)
        return told, tuple(remedies) if self._mends(changes, source, target, destination) else ()

    def _mends(self, changes: Mapping[DeclaredBridge, Forwarding], source: str, target: str, destination: str) -> bool:
        """Return whether a message arrives once these connectors are changed, in both directions of each."""
        by_connector = {(each.bridge.initiator, each.bridge.connector): new for each, new in changes.items()}
        network = self._network(destination)
        network = replace(
            network,
            bridges=tuple(
                replace(bridge, forwarding=by_connector.get((bridge.initiator, bridge.connector), bridge.forwarding))
                for bridge in network.bridges
            ),
        )
        try:
            passages = [
                (demand, carry(network, demand, source, destination))
                for demand in _demands(network, target, destination)
            ]
        except ValueError:
            return False
        return _summary(passages)[0] is not Arrival.NEVER


def _examples(bridges: Sequence[DeclaredBridge]) -> tuple[str, ...]:
    """Return a queue and a topic that no list names, and an example of each pattern that a connector's lists have."""
    named = (
        pattern
        for each in bridges
        for pattern in (
            *each.bridge.forwarding.excluded,
            *each.bridge.forwarding.included,
            *each.bridge.forwarding.static,
        )
    )
    found = [*ANY.values()]
    for pattern in named:
        kind, _, name = pattern.partition("://")
        example = name.replace("*", "any").replace(">", "any.of.them")
        if not covers(pattern, ANY[kind]):  # else the name that stands for all is its example
            found.append(f"{kind}://{example}")
    return tuple(dict.fromkeys(found))


def _demands(network: Network, target: str, destination: str) -> tuple[Demand, ...]:
    """Return the demand of one consumer, spread in several orders, of which equal ones are left out."""
    consumers = (Consumer(broker=target, destination=destination),)
    found = [spread(network, consumers)]
    if _has_circles(network, destination):  # else there is but one way for each advisory
        found += (spread(network, consumers, order=random.Random(seed)) for seed in range(_ORDERS))
    unique = {
        frozenset((each.bridge, each.destination, each.path, each.priority) for each in one.subscriptions): one
        for one in found
    }
    return tuple(unique.values())


def _has_circles(network: Network, destination: str) -> bool:
    """Return whether demand for a destination may get to some broker over more than one way."""
    able = [each for each in network.bridges if any(each.forwarding.permits(part) for part in parts(destination))]
    brokers = {name for each in able for name in (each.source, each.target)}
    joined = {frozenset((each.source, each.target)) for each in able}
    doubled = len({(each.source, each.target) for each in able}) < len(able)
    return doubled or len(joined) >= len(brokers)


def _summary(
    passages: Sequence[tuple[Demand, Passage]],
) -> tuple[Arrival, int, tuple[Bridge, ...], tuple[str, ...]]:
    """Return whether messages arrive, in how many copies, the shortest way, and where they may stay."""
    clients = [next(each.number for each in demand.subscriptions if each.bridge is None) for demand, _ in passages]
    arrives = [number in passage.copies for number, (_, passage) in zip(clients, passages, strict=True)]
    sure = [number in passage.sure for number, (_, passage) in zip(clients, passages, strict=True)]
    arrival = Arrival.ALWAYS if all(sure) else Arrival.SOMETIMES if any(arrives) else Arrival.NEVER
    copies = max(passage.copies.get(number, 0) for number, (_, passage) in zip(clients, passages, strict=True))
    routes = [
        passage.routes[number]
        for number, (_, passage) in zip(clients, passages, strict=True)
        if number in passage.routes
    ]
    stuck = (
        sorted({broker for _, passage in passages for broker in passage.stuck}) if arrival is not Arrival.ALWAYS else ()
    )
    return arrival, copies, min(routes, key=len, default=()), tuple(stuck)

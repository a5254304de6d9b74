"""The routing table of a topology: for each pair of brokers, whether a message gets there, how, or what stops it.

Every answer is the forwarding rules' own: a consumer is put on one broker, its demand spread, a message published to
the other. A remedy is given only after it was tried in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lab.activemq.forwarding.demand import Demand
from lab.activemq.forwarding.filters import covers, example, parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.declare.topology import Topology
from lab.plan.arrival import Arrival, demands, sent
from lab.plan.bridge_obstacles import missing_for
from lab.plan.forwarding import DeclaredBridge, Standing, declared_bridges, forwarding_network, not_modelled
from lab.plan.obstacles import Need
from lab.plan.remedies import Question, why_never

ANY = {"queue": "queue://any.queue.of.its.own", "topic": "topic://any.topic.of.its.own"}


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
    stops: tuple[str, ...] = ()  # why none, or not every one, arrives, or that is not known; in words
    remedies: tuple[Need, ...] = ()  # changes that let messages through, all of them together

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
    activemq_version: str | None = None,
    standing: Standing | None = None,
) -> tuple[Route, ...]:
    """Return the routes between all pairs of brokers, or those from `sources` to `targets`, for each destination.

    Destinations are written like queue://orders; a composite one (queue://a,b) has a route for each part, since a
    message goes to all of them. If none are given, there are each kind's, and an example of each pattern that a
    connector's lists name. `activemq_version` replaces the releases of the engine versions, and `standing` the declared
    network. `check` must have found no Problem in the topology.
    """
    table = RoutingTable(topology, activemq_version=activemq_version, standing=standing)
    asked = tuple(dict.fromkeys(part for each in destinations for part in parts(each))) or examples(table.bridges)
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

    def __init__(
        self,
        topology: Topology,
        *,
        obstacles: bool = True,
        activemq_version: str | None = None,
        standing: Standing | None = None,
    ) -> None:
        self._topology, self._obstacles = topology, obstacles
        found = declared_bridges(topology, activemq_version, standing)
        self.bridges = found if obstacles else tuple(replace(each, obstacle="") for each in found)
        self._bridges_for: dict[str, tuple[DeclaredBridge, ...]] = {}
        self._networks: dict[str, Network] = {}
        self._demands: dict[tuple[object, ...], tuple[Demand, ...]] = {}
        self._unknown: dict[str, tuple[str, ...]] = {}

    def route(self, source: str, target: str, destination: str, *, others: Sequence[str] = ()) -> Route:
        """Return what becomes of a message sent to a destination of one broker, for a consumer on another.

        `others` are brokers that have a consumer of it too.
        """
        asked = Route(source=source, target=target, destination=destination)
        if destination not in self._unknown:
            self._unknown[destination] = not_modelled(self._topology, self.bridges, destination)
        if self._unknown[destination]:
            return replace(asked, stops=self._unknown[destination])
        key, network = (target, destination, *others), self._network(destination)
        try:
            if key not in self._demands:
                self._demands[key] = demands(network, target, destination, others)
            found = sent(network, self._demands[key], source, destination)
        except ValueError as error:
            return replace(asked, stops=(str(error),))
        stops: tuple[str, ...] = ()
        remedies: tuple[Need, ...] = ()
        if found.arrival is Arrival.NEVER:
            stops, remedies = why_never(
                Question(
                    network=network,
                    bridges=self._bridges(destination),
                    source=source,
                    target=target,
                    destination=destination,
                    others=others,
                )
            )
        elif found.arrival is Arrival.SOMETIMES:
            words = [f"it may stay on {broker}, where no bridge may carry it on" for broker in found.stuck]
            if others and destination.startswith("queue://"):
                words.append(f"a consumer on {' or '.join(dict.fromkeys(others))} may take it")
            stops = tuple(words) or ("it depends on whose demand a broker learns of first",)
        return replace(
            asked,
            arrival=found.arrival,
            copies=found.copies,
            over=found.over,
            stuck=found.stuck,
            stops=stops,
            remedies=remedies,
        )

    def _bridges(self, destination: str) -> tuple[DeclaredBridge, ...]:
        """Return the bridges, each with what its user may not do with a destination."""
        if not self._obstacles:
            return self.bridges
        if destination not in self._bridges_for:
            self._bridges_for[destination] = tuple(
                replace(each, forbidden=missing_for(self._topology, each.connector, *_ends(each.bridge), destination))
                for each in self.bridges
            )
        return self._bridges_for[destination]

    def _network(self, destination: str) -> Network:
        if destination not in self._networks:
            self._networks[destination] = forwarding_network(self._topology, self._bridges(destination))
        return self._networks[destination]


def _ends(bridge: Bridge) -> tuple[str, str]:
    return bridge.source, bridge.target


def examples(bridges: Sequence[DeclaredBridge]) -> tuple[str, ...]:
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
        kind = pattern.partition("://")[0]
        if kind in ANY and not covers(pattern, ANY[kind]):  # else the name that stands for all is its example
            found.append(example(pattern))
    return tuple(dict.fromkeys(found))

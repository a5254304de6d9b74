"""The routing table of a topology: for each pair of brokers, whether a message arrives, and its way or its obstacles.

Every answer is the forwarding rules' own: a consumer is put on one broker, its demand spread, a message published to
the other. A remedy is given only after it was tried in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

from lab.activemq.forwarding.demand import Demand
from lab.activemq.forwarding.durable import Absence, kept_on, taken_up_too, told_when_opening
from lab.activemq.forwarding.filters import covers, example, parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.base.dataclass import dataclass
from lab.declare.topology import Topology
from lab.plan.arrival import Arrival, Carried, Listener, Tried, carried, demands, in_any_order, outcome_for, sent
from lab.plan.bridge_obstacles import missing_for
from lab.plan.forwarding import DeclaredBridge, Standing, declared_bridges, forwarding_network, not_modelled
from lab.plan.obstacles import Need
from lab.plan.remedies import Question, why_never

ANY = {"queue": "queue://any.queue.of.its.own", "topic": "topic://any.topic.of.its.own"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table: the outcome of messages from one broker to a consumer on another."""

    source: str
    target: str
    destination: str  # as asked, or a name that stands for all of a kind
    heard: str = ""  # what the consumer listens to, if that is another name: a wildcard, or a queue of a virtual topic
    arrival: Arrival = Arrival.UNKNOWN
    copies: int = 0  # most copies of one message that the consumer may get
    by_chance: bool = False  # whether it gets as many depends on whose demand a broker learns of first
    over: tuple[Bridge, ...] = ()  # the shortest way that a message takes; () if none arrives
    stuck: tuple[str, ...] = ()  # brokers on which a queue's message may stay
    stops: tuple[str, ...] = ()  # why none, or not every one, arrives, or that is not known; in words
    remedies: tuple[Need, ...] = ()  # changes that let messages through, all of them together
    # where a topic's message waits for a durable subscriber that is away, None: nowhere; {} if there is no telling
    away: Mapping[Absence, str | None] = field(default_factory=dict)

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
        # by what a message is sent to, and what the consumer listens to
        self._bridges_for: dict[tuple[str, str], tuple[DeclaredBridge, ...]] = {}
        self._networks: dict[tuple[str, str], Network] = {}
        self._demands: dict[tuple[object, ...], tuple[Demand, ...]] = {}
        self._orders: dict[tuple[object, ...], Mapping[Listener, int]] = {}  # consumers whose demand is spread together
        self._carried: dict[tuple[object, ...], Carried] = {}
        self._unknown: dict[tuple[str, str], tuple[str, ...]] = {}

    def route(
        self, source: str, target: str, destination: str, *, heard: str | None = None, others: Sequence[Listener] = ()
    ) -> Route:
        """Return the outcome of a message sent to a destination of one broker, for a consumer on another.

        The consumer listens to that destination, or to `heard`: a wildcard, or a queue of a virtual topic. `others`
        listen too.
        """
        heard = destination if heard is None else heard
        asked = Route(
            source=source, target=target, destination=destination, heard=heard if heard != destination else ""
        )
        pair = (destination, heard)
        if pair not in self._unknown:
            self._unknown[pair] = not_modelled(self._topology, self.bridges, destination, heard)
        if self._unknown[pair]:
            return replace(asked, stops=self._unknown[pair])
        network = self._network(pair)
        try:
            found = self._tried(pair, source, ((target, heard), *others))
        except ValueError as error:
            return replace(asked, stops=(str(error),))
        stops: tuple[str, ...] = ()
        remedies: tuple[Need, ...] = ()
        if found.arrival is Arrival.NEVER:
            stops, remedies = why_never(
                Question(
                    network=network,
                    bridges=self._bridges(pair),
                    source=source,
                    target=target,
                    destination=destination,
                    heard=heard,
                    others=others,
                )
            )
        elif found.arrival is Arrival.SOMETIMES:
            words = [
                f"the message may stay on {broker}, from which no bridge may carry it on" for broker in found.stuck
            ]
            if others and heard.startswith("queue://"):
                words.append(f"a consumer on {' or '.join(dict.fromkeys(broker for broker, _ in others))} may take it")
            stops = tuple(words) or ("it depends on whose demand a broker learns of first",)
        return replace(
            asked,
            arrival=found.arrival,
            copies=found.copies,
            by_chance=found.by_chance,
            over=found.over,
            stuck=found.stuck,
            stops=stops,
            remedies=remedies,
            away=self._away(found, network, source, target, heard)
            if heard == destination and heard.startswith("topic://") and not others
            else {},
        )

    def _tried(self, pair: tuple[str, str], source: str, listeners: Sequence[Listener]) -> Tried:
        """Return the outcome of a message for the first of several consumers; raise ValueError as `sent` does.

        If the order in which consumers come matters, this consumer comes first.
        """
        network, together = self._network(pair), (pair, tuple(sorted(listeners)))
        if together not in self._orders:
            order = listeners if len(listeners) > 1 and in_any_order(network, listeners) else ()
            self._orders[together] = {each: number for number, each in enumerate(order)}
        if (number := self._orders[together].get(listeners[0])) is None:
            return sent(network, self._spread(network, (pair, *listeners), listeners), source, pair[0])
        if (source, together) not in self._carried:
            spreads = self._spread(network, together, tuple(self._orders[together]))
            self._carried[source, together] = carried(network, spreads, source, pair[0])
        return outcome_for(self._carried[source, together], number)

    def _away(
        self, tried: Tried, network: Network, source: str, target: str, topic: str
    ) -> Mapping[Absence, str | None]:
        """Return where a message waits for the one consumer, a durable subscriber, while it is away."""
        alone = (target, topic)
        spreads = self._spread(network, ((topic, topic), alone), (alone,))
        return _away(tried, network, spreads, source, topic) or _away_untold(network, source, target, topic)

    def _spread(self, network: Network, key: tuple[object, ...], listeners: Sequence[Listener]) -> tuple[Demand, ...]:
        if key not in self._demands:
            (broker, heard), *others = listeners
            self._demands[key] = demands(network, broker, heard, others)
        return self._demands[key]

    def _bridges(self, pair: tuple[str, str]) -> tuple[DeclaredBridge, ...]:
        """Return the bridges, each with the rights that its user lacks for a pair of destination and subscription."""
        if not self._obstacles:
            return self.bridges
        if pair not in self._bridges_for:
            self._bridges_for[pair] = tuple(
                replace(each, forbidden=missing_for(self._topology, each.connector, *_ends(each.bridge), *pair))
                for each in self.bridges
            )
        return self._bridges_for[pair]

    def _network(self, pair: tuple[str, str]) -> Network:
        if pair not in self._networks:
            self._networks[pair] = forwarding_network(self._topology, self._bridges(pair))
        return self._networks[pair]


def _away(
    tried: Tried, network: Network, spreads: Sequence[Demand], source: str, topic: str
) -> Mapping[Absence, str | None]:
    """Return where a message waits for a durable subscriber that is away; {} if it may take several ways.

    An absence is missing if the message may take several ways during it, since another bridge has taken up a
    subscription of a bridge of the way.
    """
    if not (len(tried.ways) == 1 and tried.copies == 1 and tried.arrival is Arrival.ALWAYS):
        return {}
    (way,) = tried.ways

    def strays(absence: Absence) -> bool:
        others = taken_up_too(network.bridges, way, topic, absence)
        if not others:
            return False
        try:
            again = sent(network, [each.including(others, topic) for each in spreads], source, topic)
        except ValueError:
            return True
        return (again.ways, again.copies) != (tried.ways, tried.copies)

    return {absence: waits for absence, waits in kept_on(way, topic).items() if not strays(absence)}


def _away_untold(network: Network, source: str, target: str, topic: str) -> Mapping[Absence, str | None]:
    """Return where a message waits for a durable subscriber that bridges learn of only when they open."""

    def told(bridge: Bridge) -> Bridge:
        rules = bridge.forwarding
        if not told_when_opening(rules, topic) or (rules.learns_of(topic) and not rules.static_bridge):
            return bridge
        return replace(bridge, forwarding=replace(rules, destination_filter=(), static_bridge=False))

    if all(told(bridge) is bridge for bridge in network.bridges):
        return {}
    network = replace(network, bridges=tuple(map(told, network.bridges)))
    try:
        spreads = demands(network, target, topic)
        away = _away(sent(network, spreads, source, topic), network, spreads, source, topic)
    except ValueError:
        return {}
    return {**away, Absence.LEFT: None} if away else {}


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

"""How the demand of consumers spreads over a network: which subscriptions bridges make, and which they do not.

`serviceRemoteConsumerAdvisory` and `addConsumerInfo` of `DemandForwardingBridgeSupport`, and `ConduitBridge`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import NamedTuple

from lab.activemq.forwarding.filters import covers, parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.rules import Stop, demand_priority, demand_stop, demanded, may_be_joined, may_join
from lab.base.dataclass import dataclass

__all__ = ["MOST_SUBSCRIPTIONS", "Consumer", "Demand", "Refusal", "Stop", "Subscription", "spread"]

MOST_SUBSCRIPTIONS = 100_000  # subscriptions; a network that makes more of them is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A client's consumer."""

    broker: str
    destination: str  # like queue://a.b; with wildcards, or composite
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A consumer of a broker: a client's, or one that a bridge made for consumers of the broker it leads to."""

    number: int  # unique in a Demand
    broker: str
    destination: str
    path: tuple[str, ...] = ()  # brokers that the demand came over, the consumer's first
    consumers: frozenset[int] = frozenset()  # networkConsumerIds: numbers of those it stands for
    priority: int = 0
    bridge: Bridge | None = None  # None: a client's
    static: bool = False  # made because its destination is statically included


class Refusal(NamedTuple):
    """A bridge that did not pass on a demand, or a message, and the rule; a tuple, since a large network has many."""

    bridge: Bridge
    stop: Stop
    destination: str
    path: tuple[str, ...]  # brokers that it had come over by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """All subscriptions in a network, and where demand went no further."""

    subscriptions: tuple[Subscription, ...]
    refusals: tuple[Refusal, ...]
    _of_brokers: dict[str, list[Subscription]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for each in self.subscriptions:
            self._of_brokers.setdefault(each.broker, []).append(each)

    def of(self, broker: str) -> Sequence[Subscription]:
        """Return the subscriptions of a broker."""
        return self._of_brokers.get(broker, ())

    def including(self, bridges: Iterable[Bridge], destination: str) -> Demand:
        """Return a copy with a subscription of each bridge to a statically included destination, without a consumer."""
        last = max((each.number for each in self.subscriptions), default=0)
        more = (
            Subscription(
                number=number,
                broker=bridge.source,
                destination=destination,
                path=(bridge.target,),
                bridge=bridge,
                static=True,
            )
            for number, bridge in enumerate(bridges, last + 1)
        )
        return replace(self, subscriptions=(*self.subscriptions, *more))

    def at(self, broker: str, destination: str) -> Iterator[Subscription]:
        """Yield the subscriptions of a broker that get a message sent to a destination."""
        return (each for each in self.of(broker) if any(covers(part, destination) for part in parts(each.destination)))


def spread(network: Network, consumers: Sequence[Consumer], *, order: random.Random | None = None) -> Demand:
    """Return the demand in a network whose bridges are up, after these consumers have come, one after another.

    Advisories of one broker reach one bridge in their order; `order` picks the bridge that is next, by default the one
    whose advisory has waited longest. Raise ValueError if it makes more than MOST_SUBSCRIPTIONS subscriptions.
    """
    return _Spreading(network, order).of(consumers)


@dataclass(slots=True)
class _Spreading:
    network: Network
    order: random.Random | None
    alive: dict[int, Subscription] = field(default_factory=dict)
    of_bridges: dict[Bridge, dict[int, Subscription]] = field(default_factory=dict)
    of_brokers: dict[str, dict[int, Subscription]] = field(default_factory=dict)
    interests: dict[int, set[int]] = field(default_factory=dict)  # of a bridge's subscription: the consumers it is for
    refusals: dict[Refusal, None] = field(default_factory=dict)  # each once
    waiting: deque[tuple[Bridge, Subscription, bool]] = field(default_factory=deque)  # True: it came, False: it went
    made: int = 0

    def of(self, consumers: Sequence[Consumer]) -> Demand:
        for bridge in self.network.bridges:
            for destination in bridge.forwarding.static:
                self._include(bridge, destination)
                self._settle()
        for consumer in consumers:
            self._add(
                Subscription(
                    number=self._number(),
                    broker=consumer.broker,
                    destination=consumer.destination,
                    priority=consumer.priority,
                )
            )
            self._settle()
        return Demand(subscriptions=tuple(self.alive.values()), refusals=tuple(self.refusals))

    def _number(self) -> int:
        self.made += 1
        if self.made > MOST_SUBSCRIPTIONS:
            raise ValueError(f"more than {MOST_SUBSCRIPTIONS:,} subscriptions")
        return self.made

    def _settle(self) -> None:
        """Let all advisories that wait reach their bridges, and those that come of them."""
        while self.waiting:
            place = self._next()
            bridge, subscription, came = self.waiting[place]
            del self.waiting[place]
            if came:
                self._learn(bridge, subscription)
            else:
                self._forget(bridge, subscription)

    def _next(self) -> int:
        if self.order is None:
            return 0
        bridge = self.order.choice(list(dict.fromkeys(waiting[0] for waiting in self.waiting)))
        return next(place for place, waiting in enumerate(self.waiting) if waiting[0] == bridge)

    def _add(self, subscription: Subscription) -> None:
        self.alive[subscription.number] = subscription
        self.of_brokers.setdefault(subscription.broker, {})[subscription.number] = subscription
        if subscription.bridge is not None:
            self.of_bridges.setdefault(subscription.bridge, {})[subscription.number] = subscription
        self.waiting += ((bridge, subscription, True) for bridge in self.network.reaching(subscription.broker))

    def _remove(self, subscription: Subscription) -> None:
        del self.alive[subscription.number]
        del self.of_brokers[subscription.broker][subscription.number]
        if subscription.bridge is not None:
            del self.of_bridges[subscription.bridge][subscription.number]
        self.interests.pop(subscription.number, None)
        self.waiting += ((bridge, subscription, False) for bridge in self.network.reaching(subscription.broker))

    def _include(self, bridge: Bridge, destination: str) -> None:
        """Subscribe to a statically included destination: `setupStaticDestinations`."""
        if not bridge.forwarding.permits(destination):
            self._refuse(bridge, Stop.EXCLUDED, destination, ())
            return
        for_nobody = Subscription(number=self._number(), broker=bridge.target, destination=destination)
        self._subscribe(bridge, replace(for_nobody, bridge=bridge), (bridge.target,), static=True)

    def _learn(self, bridge: Bridge, consumer: Subscription) -> None:
        """Subscribe at the bridge's source for a consumer at its target, or record why not."""
        if consumer.number not in self.alive:
            return None
        rules, destination = bridge.forwarding, consumer.destination
        if (stop := demand_stop(rules, bridge.source, destination, consumer.path)) is not None:
            return self._refuse(bridge, stop, destination, consumer.path)
        for part in demanded(rules, destination):
            its = consumer if part == destination else replace(consumer, destination=part)
            self._subscribe(bridge, its, (*consumer.path, bridge.target))
        return None

    def _subscribe(
        self, bridge: Bridge, consumer: Subscription, path: tuple[str, ...], *, static: bool = False
    ) -> None:
        rules = bridge.forwarding
        if self._joins(bridge, consumer):
            return None
        priority = demand_priority(rules, consumer.priority, path)
        candidate = Subscription(
            number=self._number(),
            broker=bridge.source,
            destination=consumer.destination,
            path=path,
            consumers=consumer.consumers | {consumer.number},
            priority=priority,
            bridge=bridge,
            static=static,
        )
        if rules.suppresses(consumer.destination):
            other = next((each for each in self._of_kind(candidate) if each.consumers & candidate.consumers), None)
            if other is not None and other.priority >= priority:
                return self._refuse(bridge, Stop.DUPLICATE, consumer.destination, consumer.path)
            if other is not None and other.bridge is not None and other.bridge.initiator == other.broker:
                # `removeDuplicateSubscription` asks the broker's own connectors, and so not the responding end of a
                # duplex bridge: there both stay, and each message comes twice (seen on 5.16.7)
                self._remove(other)
        self.interests[candidate.number] = {consumer.number}
        self._add(candidate)
        return None

    def _joins(self, bridge: Bridge, consumer: Subscription) -> bool:
        """Add a consumer to those for which the bridge has subscribed; return whether it has: `ConduitBridge`."""
        rules, destination = bridge.forwarding, consumer.destination
        if not may_join(rules, destination, network=consumer.bridge is not None):
            return False
        joined = False
        for each in self.of_bridges.get(bridge, {}).values():
            if may_be_joined(rules, each.destination, destination, static=each.static, hops=len(each.path)):
                self.interests[each.number].add(consumer.number)
                joined = True
        return joined

    def _forget(self, bridge: Bridge, consumer: Subscription) -> None:
        for each in tuple(self.of_bridges.get(bridge, {}).values()):
            interests = self.interests[each.number]
            interests.discard(consumer.number)
            if not interests and not each.static:
                self._remove(each)

    def _of_kind(self, candidate: Subscription) -> Iterator[Subscription]:
        """Yield the other bridges' subscriptions of a broker in the candidate's region: all queues, or all topics."""
        kind = candidate.destination.partition("://")[0]
        return (
            each
            for each in self.of_brokers.get(candidate.broker, {}).values()
            if each.bridge is not None and each.destination.startswith(f"{kind}://")
        )

    def _refuse(self, bridge: Bridge, stop: Stop, destination: str, path: tuple[str, ...]) -> None:
        self.refusals[Refusal(bridge, stop, destination, path)] = None

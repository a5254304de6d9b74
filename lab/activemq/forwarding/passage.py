"""Where a message goes in a network whose demand is known: `NetworkBridgeFilter` and the dispatch of queues and topics.

A topic's message is copied to every subscription; a queue's goes to one of them, the highest priority first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from lab.activemq.forwarding.demand import Demand, Refusal, Subscription
from lab.activemq.forwarding.filters import covers, parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.rules import Stop, forbidden
from lab.base.dataclass import dataclass

MOST_STEPS = 10_000  # steps of a message; a network in which it would take more is refused
VIRTUAL_TOPICS, THEIR_QUEUES = "topic://VirtualTopic.>", "queue://Consumer.*."


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The possible ways of one message that is published to a broker."""

    copies: Mapping[int, int]  # by the number of a client's subscription: most copies that it may get
    routes: Mapping[int, tuple[Bridge, ...]]  # by the same number: the shortest way that the message may take there
    sure: frozenset[int]  # subscriptions that get it whatever happens, if all consumers keep up
    stuck: frozenset[str]  # brokers on which a queue's message may stay, with no consumer that may have it
    circles: tuple[
        str, ...
    ]  # brokers between which a queue's message may be given back and forth; () if there are none
    refusals: tuple[Refusal, ...]  # bridges that may not carry it on, where it came to


_ELSEWHERE: frozenset[int | str] = frozenset({"elsewhere"})  # where a composite destination's message ends


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A message in a destination of a broker."""

    broker: str
    destination: str
    path: tuple[str, ...] = ()  # brokerPath: where it has been before
    route: tuple[Bridge, ...] = ()
    forwarded: tuple[str, ...] = ()  # composite destinations of this broker that it came out of


def carry(network: Network, demand: Demand, broker: str, destination: str, *, path: tuple[str, ...] = ()) -> Passage:
    """Return the possible ways of a message in a destination, which may be composite, of a broker.

    `path` has the brokers that it came over, if it was not published there. It is forwarded with a demand that has
    settled. Raise ValueError if it would take more than MOST_STEPS steps.
    """
    found = _Carrying(network, demand)
    found.waiting += (_Copy(broker=broker, destination=part, path=path) for part in parts(destination))
    while found.waiting:
        found.send(found.waiting.popleft())
    return found.passage()


@dataclass(slots=True)
class _Carrying:
    network: Network
    demand: Demand
    copies: dict[int, int] = field(default_factory=dict)
    routes: dict[int, tuple[Bridge, ...]] = field(default_factory=dict)
    sure: set[int] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    circles: tuple[str, ...] = ()
    refusals: dict[Refusal, None] = field(default_factory=dict)
    # of the queue's message that is followed: all ends it may have, by where it is and was
    ends: dict[tuple[str, str, frozenset[str], int], frozenset[int | str]] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)  # of the same message: the clients' subscriptions that may get it
    waiting: deque[_Copy] = field(default_factory=deque)
    steps: int = 0

    def passage(self) -> Passage:
        return Passage(
            copies=self.copies,
            routes=self.routes,
            sure=frozenset(self.sure),
            stuck=frozenset(self.stuck),
            circles=self.circles,
            refusals=tuple(self.refusals),
        )

    def send(self, copy: _Copy) -> None:
        """Let a message come to a destination: published there, or forwarded by a composite one."""
        if not self._stays(copy):
            return
        if copy.destination.startswith("queue://"):
            self._enqueue(copy)
        else:
            self._topic(copy)

    def _stays(self, copy: _Copy) -> bool:
        """Forward a message of a composite destination; return whether the destination keeps the message too."""
        stays = True
        for composite in self.network.forwards(copy.broker, copy.destination):
            if copy.destination in copy.forwarded:
                raise ValueError(f"composite destinations of {copy.broker} forward to each other in a circle")
            self._step()
            forwarded = (*copy.forwarded, copy.destination)
            for destination in (part for each in composite.to for part in parts(each)):
                self.waiting.append(replace(copy, destination=destination, forwarded=forwarded))
            stays = composite.keeps
        return stays

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ValueError(f"more than {MOST_STEPS:,} steps of one message")

    def _topic(self, copy: _Copy) -> None:
        self._step()
        for subscription in self.demand.at(copy.broker, copy.destination):
            if subscription.bridge is None:
                self._arrive(subscription, copy)
                self.copies[subscription.number] = self.copies.get(subscription.number, 0) + 1
                self.sure.add(subscription.number)
            elif self._passes(subscription.bridge, copy):
                there = _over(subscription.bridge, copy)
                if self._stays(there):
                    self._topic(there)
        if covers(VIRTUAL_TOPICS, copy.destination):
            for queue in self._queues_of(copy):
                self._enqueue(_Copy(broker=copy.broker, destination=queue, path=copy.path, route=copy.route))

    def _queues_of(self, copy: _Copy) -> Iterator[str]:
        """Yield the queues of a broker that get a copy of a virtual topic's message: those that have a consumer."""
        pattern = THEIR_QUEUES + copy.destination.partition("://")[2]
        found = (each.destination for each in self.demand.of(copy.broker))
        return iter(dict.fromkeys(part for each in found for part in parts(each) if covers(pattern, part)))

    def _enqueue(self, copy: _Copy) -> None:
        """Let a message come to a queue; whichever way it takes from there, it is one copy."""
        self.ends.clear()
        self.reached.clear()
        ends = self._queue(copy, {})
        if len(ends) == 1 and not self.circles:
            self.sure |= {end for end in ends if isinstance(end, int)}
        for number in self.reached:
            self.copies[number] = self.copies.get(number, 0) + 1

    def _queue(self, copy: _Copy, passed: Mapping[tuple[str, frozenset[str]], str]) -> frozenset[int | str]:
        """Follow a queue's message and return all ends it may have: a client's subscription, or where it stays.

        `passed` has the states that it was in before, so that a circle is seen.
        """
        state = (copy.broker, frozenset(copy.path))
        if (known := self.ends.get((copy.destination, *state, len(copy.path)))) is not None:
            return known
        self._step()
        if state in passed:
            brokers = [where for where, _ in passed]
            self.circles = tuple(brokers[brokers.index(copy.broker) :])
            return frozenset()
        first, others = _by_priority(self._takers(copy))
        ends: set[int | str] = set()
        for subscription in (*first, *others):
            if subscription.bridge is None:
                self._arrive(subscription, copy)
                its: frozenset[int | str] = frozenset({subscription.number})
            else:
                there = _over(subscription.bridge, copy)
                its = self._queue(there, {**passed, state: copy.broker}) if self._stays(there) else _ELSEWHERE
            if subscription in first:
                ends |= its
        if not first:
            self.stuck.add(copy.broker)
            ends.add(copy.broker)
        self.ends[(copy.destination, *state, len(copy.path))] = frozenset(ends)
        return frozenset(ends)

    def _takers(self, copy: _Copy) -> list[Subscription]:
        """Return the subscriptions that may have a queue's message."""
        return [
            each
            for each in self.demand.at(copy.broker, copy.destination)
            if each.bridge is None or self._passes(each.bridge, copy)
        ]

    def _passes(self, bridge: Bridge, copy: _Copy) -> bool:
        """Return whether a bridge carries a message on: `matchesForwardingFilter`, then `isPermissableDestination`."""
        rules = bridge.forwarding
        queue = copy.destination.startswith("queue://")
        stop: Stop | None = None
        if queue and bridge.target in copy.path and self._gives_back(copy):
            pass  # whatever its TTL is
        elif bridge.target in copy.path:
            stop = Stop.VISITED
        elif -1 < rules.message_ttl <= len(copy.path):
            stop = Stop.MESSAGE_TTL
        stop = stop or forbidden(rules, copy.destination)  # for a wildcard's consumer; it stays in flight
        if stop is not None:
            self.refusals[Refusal(bridge=bridge, stop=stop, destination=copy.destination, path=copy.path)] = None
        return stop is None

    def _gives_back(self, copy: _Copy) -> bool:
        local = any(each.bridge is None for each in self.demand.at(copy.broker, copy.destination))
        return not local and self.network.replays(copy.broker, copy.destination)

    def _arrive(self, subscription: Subscription, copy: _Copy) -> None:
        number = subscription.number
        self.reached.add(number)
        if number not in self.routes or len(copy.route) < len(self.routes[number]):
            self.routes[number] = copy.route


def _over(bridge: Bridge, copy: _Copy) -> _Copy:
    return _Copy(
        broker=bridge.target,
        destination=copy.destination,
        path=(*copy.path, bridge.source),
        route=(*copy.route, bridge),
    )


def _by_priority(takers: Sequence[Subscription]) -> tuple[list[Subscription], list[Subscription]]:
    """Return the subscriptions of the highest priority, and those that are served when these are full."""
    highest = max((each.priority for each in takers), default=0)
    return [each for each in takers if each.priority == highest], [each for each in takers if each.priority != highest]

"""Whether a message of one broker gets to a consumer on another: the forwarding rules, asked in several orders."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from itertools import islice

from lab.activemq.forwarding.demand import Consumer, Demand, Refusal, spread
from lab.activemq.forwarding.filters import parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.passage import Passage, carry
from lab.activemq.forwarding.rules import Stop, demand_stop
from lab.base.dataclass import dataclass

_ORDERS = 20  # further orders of the advisories that are tried in a network with circles, beside their own


Listener = tuple[str, str]  # a broker, and what a consumer there listens to
Carried = Sequence[tuple[Demand, Passage]]  # a message, where demand has spread in one order or another


class Arrival(StrEnum):
    """Whether a message published at the source gets to a consumer at the target."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"  # by chance: which of two consumers a queue picks, or whose advisory came first
    NEVER = "never"
    UNKNOWN = "unknown"  # a message would take too many steps to tell, or a setting is not modelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The ends of a message in each of several orders in which demand may have spread."""

    arrival: Arrival
    copies: int  # most copies of it that the consumer may get
    by_chance: bool  # whether it gets as many in each order
    ways: tuple[tuple[Bridge, ...], ...]  # the shortest that it takes in each order; () if it does not arrive
    stuck: tuple[str, ...]  # brokers on which it may stay
    carried: Carried = field(repr=False, compare=False)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The bridges that did not pass on the demand, or the message."""
        found = (each for demand, passage in self.carried for each in (*demand.refusals, *passage.refusals))
        return tuple(dict.fromkeys(found))

    @property
    def over(self) -> tuple[Bridge, ...]:
        """The shortest of its ways; () if it does not arrive."""
        return min(self.ways, key=len, default=())


def demands(network: Network, target: str, heard: str, others: Sequence[Listener] = ()) -> tuple[Demand, ...]:
    """Return the demand of one consumer on a broker, spread in several orders, without equal results.

    The consumer listens to `heard`, which may be a wildcard; `others` listen too. Raise ValueError for too many
    subscriptions.
    """
    consumers = [Consumer(broker=broker, destination=each) for broker, each in ((target, heard), *others)]
    found = [spread(network, consumers)]
    if _has_circles(network, heard):  # else there is but one way for each advisory
        found += (spread(network, consumers, order=random.Random(seed)) for seed in range(_ORDERS))
    unique = {
        frozenset((each.bridge, each.destination, each.path, each.priority) for each in one.subscriptions): one
        for one in found
    }
    return tuple(unique.values())


def in_any_order(network: Network, listeners: Sequence[Listener]) -> bool:
    """Return whether consumers make the same subscriptions in any order of coming, except for numbers and paths.

    Then their demand is spread only once for all of them. False also if this is not easily decided. It is true for one
    destination, without circles, if no rule about the path stops the demand of any consumer on its way. Then all demand
    gets as far as that of each consumer alone, and a bridge that takes consumers together has one subscription,
    whichever came first. A queue's subscription has the priority of the first consumer, which another bridge may have
    lowered.
    """
    heard = {each for _, each in listeners}
    if len(heard) > 1 or len({*listeners}) < len(listeners):
        return False
    (destination,) = heard
    able = [each for each in network.bridges if each.forwarding.permits(destination)]
    ranked = (
        destination.startswith("queue://")
        and any(each.forwarding.conduit_subscriptions for each in able)
        and any(each.forwarding.decrease_network_consumer_priority for each in able)
    )
    if len(parts(destination)) > 1 or ranked or any(each.forwarding.static for each in network.bridges):
        return False
    reaching: dict[str, list[Bridge]] = {}
    for each in able:
        reaching.setdefault(each.target, []).append(each)
    return not _has_circles(network, destination) and all(
        _spreads_freely(reaching, broker, destination) for broker, _ in listeners
    )


def _spreads_freely(reaching: Mapping[str, Sequence[Bridge]], broker: str, destination: str) -> bool:
    """Return whether one consumer's demand comes to each broker once, and is stopped by no rule about its path."""
    seen = {broker}
    waiting: list[tuple[str, tuple[str, ...]]] = [(broker, ("",))]
    while waiting:
        here, path = waiting.pop()
        for each in reaching.get(here, ()):
            if each.source == path[-1]:  # from where it came
                continue
            stop = demand_stop(each.forwarding, each.source, destination, path[1:])
            if stop is Stop.CONSUMER_TTL or each.source in seen:
                return False
            if stop is None:
                seen.add(each.source)
                waiting.append((each.source, (*path, here)))
    return True


def carried(network: Network, spreads: Sequence[Demand], source: str, destination: str) -> Carried:
    """Return a message that is sent where demand has spread. Raise ValueError after too many steps."""
    return [(demand, carry(network, demand, source, destination)) for demand in spreads]


def sent(network: Network, spreads: Sequence[Demand], source: str, destination: str) -> Tried:
    """Return the outcome, for the first consumer, of a message that is sent where demand has spread.

    Raise ValueError after too many steps.
    """
    return outcome_for(carried(network, spreads, source, destination), 0)


def outcome_for(message: Carried, consumer: int) -> Tried:
    """Return the outcome of a message for one of the consumers, which are counted from 0 in their order."""
    clients = [
        next(islice((each.number for each in demand.subscriptions if each.bridge is None), consumer, None))
        for demand, _ in message
    ]
    numbered: list[tuple[int, Passage]] = [
        (number, passage) for number, (_, passage) in zip(clients, message, strict=True)
    ]
    arrives = any(number in passage.copies for number, passage in numbered)
    sure = all(number in passage.sure for number, passage in numbered)
    arrival = Arrival.ALWAYS if sure else Arrival.SOMETIMES if arrives else Arrival.NEVER
    routes = [passage.routes[number] for number, passage in numbered if number in passage.routes]
    stuck = {broker for _, passage in numbered for broker in passage.stuck if not sure}
    return Tried(
        arrival=arrival,
        copies=max(passage.copies.get(number, 0) for number, passage in numbered),
        by_chance=len({(number in its.sure, its.copies.get(number, 0)) for number, its in numbered}) > 1,
        ways=tuple(dict.fromkeys(routes)),
        stuck=tuple(sorted(stuck)),
        carried=message,
    )


def _has_circles(network: Network, destination: str) -> bool:
    """Return whether demand for a destination may get to some broker over more than one way."""
    able = [each for each in network.bridges if any(each.forwarding.permits(part) for part in parts(destination))]
    brokers = {name for each in able for name in (each.source, each.target)}
    joined = {frozenset((each.source, each.target)) for each in able}
    doubled = len({(each.source, each.target) for each in able}) < len(able)
    return doubled or len(joined) >= len(brokers)

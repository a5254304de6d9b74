"""Whether a message of one broker gets to a consumer on another: the forwarding rules, asked in several orders."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.activemq.forwarding.demand import Consumer, Demand, Refusal, spread
from lab.activemq.forwarding.filters import parts
from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.passage import Passage, carry

_ORDERS = 20  # further orders of the advisories that are tried in a network with circles, beside their own


Listener = tuple[str, str]  # a broker, and what a consumer there listens to


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
    ways: tuple[tuple[Bridge, ...], ...]  # the shortest that it takes in each order; () if it does not arrive
    stuck: tuple[str, ...]  # brokers on which it may stay
    refusals: tuple[Refusal, ...]  # bridges that did not pass on the demand, or the message

    @property
    def over(self) -> tuple[Bridge, ...]:
        """The shortest of its ways; () if it does not arrive."""
        return min(self.ways, key=len, default=())


def demands(network: Network, target: str, heard: str, others: Sequence[Listener] = ()) -> tuple[Demand, ...]:
    """Return the demand of one consumer on a broker, spread in several orders, of which equal ones are left out.

    It listens to `heard`, which may be a wildcard; `others` are there too. Raise ValueError if it makes too many
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


def sent(network: Network, spreads: Sequence[Demand], source: str, destination: str) -> Tried:
    """Return what becomes of a message, for the first consumer, that is sent where demand has spread.

    Raise ValueError after too many steps.
    """
    passages = [(demand, carry(network, demand, source, destination)) for demand in spreads]
    clients = [next(each.number for each in demand.subscriptions if each.bridge is None) for demand, _ in passages]
    numbered: list[tuple[int, Passage]] = [
        (number, passage) for number, (_, passage) in zip(clients, passages, strict=True)
    ]
    arrives = any(number in passage.copies for number, passage in numbered)
    sure = all(number in passage.sure for number, passage in numbered)
    arrival = Arrival.ALWAYS if sure else Arrival.SOMETIMES if arrives else Arrival.NEVER
    routes = [passage.routes[number] for number, passage in numbered if number in passage.routes]
    stuck = {broker for _, passage in numbered for broker in passage.stuck if not sure}
    refusals = [each for demand, passage in passages for each in (*demand.refusals, *passage.refusals)]
    return Tried(
        arrival=arrival,
        copies=max(passage.copies.get(number, 0) for number, passage in numbered),
        ways=tuple(dict.fromkeys(routes)),
        stuck=tuple(sorted(stuck)),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def _has_circles(network: Network, destination: str) -> bool:
    """Return whether demand for a destination may get to some broker over more than one way."""
    able = [each for each in network.bridges if any(each.forwarding.permits(part) for part in parts(destination))]
    brokers = {name for each in able for name in (each.source, each.target)}
    joined = {frozenset((each.source, each.target)) for each in able}
    doubled = len({(each.source, each.target) for each in able}) < len(able)
    return doubled or len(joined) >= len(brokers)

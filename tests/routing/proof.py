"""What the routing table says of a network, beside what real brokers did: pair by pair, for a queue and a topic.

What brokers did is kept, and not what was made of it: so that the rules as they are now are compared with it.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab import labs
from lab.activemq.forwarding.durable import Absence
from lab.declare.loading import load
from lab.declare.topology import Topology
from lab.history import Acknowledged, BridgeSeen, LinkChanged, Publishing, Received, SendOutcome
from lab.history.reading import read
from lab.link.impairment import LinkState
from lab.plan.arrival import Arrival
from lab.plan.routing import Route, RoutingTable, routing_table
from tests.routing.listening import FIRST, listening, write_listening
from tests.routing.networks import MESSAGES, write_network

# Engine versions that the lab had when their networks were asked, and the release that answered.
KEPT_OF: Mapping[str, str] = {"5.16": "5.16.7"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the table says of one pair and destination, how many messages came, and in how many copies."""

    seed: int
    route: Route
    came: int
    copies: int

    @property
    def name(self) -> str:
        """What an explanation calls it."""
        return f"{self.seed} {self.route.source} {self.route.target} {self.route.destination.partition('://')[0]}"

    @property
    def agrees(self) -> bool:
        """Whether real brokers did what the table says may happen."""
        if self.route.arrival is Arrival.ALWAYS:
            return self.came == MESSAGES and self.copies <= MESSAGES * self.route.copies
        if self.route.arrival is Arrival.NEVER:
            return self.came == 0
        return self.route.arrival is Arrival.SOMETIMES and self.copies <= MESSAGES * self.route.copies

    def __str__(self) -> str:
        route = self.route
        return (
            f"network {self.seed}: {route.source} → {route.target} {route.destination}: {route.arrival} "
            f"(at most {route.copies} copies), and {self.came} of {MESSAGES} came in {self.copies} copies; "
            f"{'; '.join(route.stops) or ' → '.join(each.connector for each in route.over)}"
        )


def write(folder: Path, seed: int) -> Path:
    """Write the files of a seed's network into a folder, and return its scenario's path."""
    return (write_listening if seed >= FIRST else write_network)(folder, seed)


def answers(folder: Path, seed: int) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    """Write a network's files into a folder, and let real brokers answer.

    Return the digest of its files; by destination, how many of its messages came in how many copies: 5 in 5; and the
    ends of bridges, as `CONNECTOR at BROKER`, that were not seen down although their links rejected for a while.
    """
    path = write(folder, seed)
    files = digest(folder)
    its_own = {**os.environ, "MQLAB_STATE": str(folder / "state")}
    ran = labs.run(path, runs=folder / "runs", environment=its_own)
    copies: Counter[str] = Counter()
    once: dict[str, set[str]] = {}
    accepted: Counter[str] = Counter()
    destinations: dict[str, str] = {}  # by the number of the publish step
    ends, lost, closed = set[str](), set[str](), False
    for seen in read(ran.folder.history).observations:
        match seen:
            case Publishing():
                closed = False  # what was to be lost was lost before
                destinations[str(seen.step)] = seen.destination
            case Acknowledged(outcome=SendOutcome.OK):
                accepted[destinations[seen.id.partition("-")[0]]] += 1
            case Received(id=str(id)):
                destination = destinations[id.partition("-")[0]]
                copies[destination] += 1
                once.setdefault(destination, set()).add(id)
            case LinkChanged():
                closed = closed or seen.state == LinkState.REJECT
            case BridgeSeen(up=True):
                ends.add(f"{seen.connector} at {seen.broker}")
            case BridgeSeen() if closed:
                lost.add(f"{seen.connector} at {seen.broker}")
    assert set(accepted.values()) == {MESSAGES}, "not all were sent"
    return (
        files,
        {each: f"{len(once.get(each, ()))} in {copies[each]}" for each in sorted(accepted)},
        tuple(sorted(ends - lost)),
    )


def digest(folder: Path) -> str:
    """Return the digest of a network's files."""
    found = hashlib.sha256()
    for path in sorted((*folder.glob("*.xml"), *folder.glob("*.yaml"))):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def compare(
    folder: Path, answered: Mapping[str, str], *, seed: int, stayed: Collection[str] = ()
) -> tuple[Compared, ...]:
    """Ask the table of the network in a folder, and compare it with what real brokers answered.

    `stayed` are the ends of bridges that stayed up although they were to be lost.
    """
    topology = load(folder / "scenario.yaml", environment={}).topology
    version = KEPT_OF.get(next(iter(topology.brokers.values())).engine_version)
    if seed >= FIRST:
        return tuple(_otherwise(topology, answered, seed, version, stayed))
    found: list[Compared] = []
    for destination, answer in answered.items():
        came, _, copies = answer.partition(" in ")
        source, target = destination.split(".")[-2:]
        (route,) = routing_table(
            topology, sources=[source], targets=[target], destinations=[destination], activemq_version=version
        )
        found.append(Compared(seed=seed, route=route, came=int(came), copies=int(copies)))
    return tuple(found)


def _otherwise(
    topology: Topology, answered: Mapping[str, str], seed: int, version: str | None, stayed: Collection[str]
) -> Iterator[Compared]:
    """Compare a network of `listening`; of a durable subscriber: what waited for it on its own broker."""
    table, its = RoutingTable(topology, activemq_version=version), listening(list(topology.brokers), seed)
    for each in (*its.consumers, *its.durable):
        route = table.route(each.source, each.target, each.destination, heard=each.heard)
        came, _, copies = answered[each.destination].partition(" in ")
        if each in its.durable and (route.away or route.arrival is not Arrival.NEVER):
            absence = absence_of(route, its.absence, stayed)
            if absence is None or absence not in route.away:
                continue  # the table says that there is no telling
            waits = route.away[absence]
            arrival = Arrival.ALWAYS if waits == each.target else Arrival.NEVER
            route = replace(route, arrival=arrival, copies=1, stops=(f"{absence}: it waits on {waits}",))
        yield Compared(seed=seed, route=route, came=int(came), copies=int(copies))


def absence_of(route: Route, meant: Absence, stayed: Collection[str]) -> Absence | None:
    """Return what befell a route's bridges while the subscriber was away; None if not all had the same fate.

    A link that rejects ends a connection only once a packet crosses it, and an idle bridge may send none meanwhile.
    """
    if meant is not Absence.REOPENED:
        return meant
    fates = {f"{each.connector} at {broker}" in stayed for each in route.over for broker in (each.source, each.target)}
    return {(True,): Absence.LEFT, (False,): meant}.get(tuple(fates))

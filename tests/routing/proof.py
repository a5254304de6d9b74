"""What the routing table says of a network, beside what real brokers did: pair by pair, for a queue and a topic."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lab import labs
from lab.declare.loading import load
from lab.history import Acknowledged, Publishing, Received, SendOutcome
from lab.history.reading import read
from lab.plan.arrival import Arrival
from lab.plan.routing import Route, routing_table
from tests.routing.networks import MESSAGES, write_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the table says of one pair and destination, how many messages came, and in how many copies."""

    seed: int
    route: Route
    came: int
    copies: int

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


def compare(folder: Path, seed: int) -> tuple[Compared, ...]:
    """Write a network's files into a folder, ask the table, let real brokers answer, and compare."""
    path = write_network(folder, seed)
    scenario = load(path, environment={})
    its_own = {**os.environ, "MQLAB_STATE": str(folder / "state")}
    ran = labs.run(path, runs=folder / "runs", environment=its_own)
    received: Counter[tuple[str, str]] = Counter()
    once: dict[str, set[str]] = {}
    accepted: Counter[str] = Counter()
    destinations: dict[str, str] = {}  # by the number of the publish step
    for seen in read(ran.folder.history).observations:
        match seen:
            case Publishing():
                destinations[str(seen.step)] = seen.destination
            case Acknowledged(outcome=SendOutcome.OK):
                accepted[destinations[seen.id.partition("-")[0]]] += 1
            case Received(id=str(id)):
                received[seen.client, seen.destination] += 1
                once.setdefault(seen.destination, set()).add(id)
    routes = [
        route
        for route in routing_table(scenario.topology, destinations=tuple(accepted))
        if route.destination.endswith(f".{route.source}.{route.target}")
    ]
    assert all(accepted[route.destination] == MESSAGES for route in routes), "not all were sent"
    return tuple(
        Compared(
            seed=seed,
            route=route,
            came=len(once.get(route.destination, ())),
            copies=received[f"at-{route.target}", route.destination],
        )
        for route in routes
    )

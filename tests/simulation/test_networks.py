"""Random networks of brokers: simulated ones do as the routing table says, which real ones were seen to do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab.declare.loading import load
from lab.declare.steps.publish import Publish
from lab.declare.steps.subscribe import Subscribe
from lab.plan.routing import routing_table
from lab.runtime.messages import Outgoing, Terms, destination
from tests.routing.networks import MESSAGES, write_network
from tests.routing.proof import Compared
from tests.simulation.world import Heard, World


def compare(folder: Path, seed: int) -> tuple[Compared, ...]:
    """Write a network's files into a folder, ask the table, let simulated brokers answer, and compare."""
    path = write_network(folder, seed)
    scenario = load(path, environment={})
    world = World(str(path), password="a-password-of-14")
    world.run(10.0)
    heard: dict[str, list[tuple[str, Heard]]] = {}
    for number, step in enumerate(each for each in scenario.steps if isinstance(each, Subscribe)):
        client, its = world.client(f"{step.client}-{number}", step.broker, "stomp", user="bridge")
        client.subscribe(Terms(destination=destination(step)))
        heard.setdefault(str(destination(step)), []).append((step.broker, its))
    world.run(6.0)
    for number, step in enumerate(each for each in scenario.steps if isinstance(each, Publish)):
        client, sent = world.client(f"p-{number}", step.broker, "stomp", user="bridge")
        for n in range(MESSAGES):
            body = b"%d" % n
            client.publish(Outgoing(f"{number}-{n}", destination(step), body, {}, 1, persistent=False, retained=False))
        world.run(0.05)
        assert len(sent.outcomes) == MESSAGES
    world.run(4.0)
    copies = {name: Counter(body for _, its in all_ for body in its.bodies) for name, all_ in heard.items()}
    return tuple(
        Compared(seed=seed, route=route, came=len(copies[route.destination]), copies=copies[route.destination].total())
        for route in routing_table(scenario.topology, destinations=tuple(heard))
        if route.destination.endswith(f".{route.source}.{route.target}")
    )


@pytest.mark.parametrize("seed", [2, 3, 12, 22, 23])  # with two connectors to one broker, rings, static lists
def test_simulated_brokers_do_as_the_routing_table_says(seed: int, tmp_path: Path) -> None:
    found = compare(tmp_path, seed)
    assert found
    assert not [str(each) for each in found if not each.agrees]

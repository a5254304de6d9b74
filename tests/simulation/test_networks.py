"""Random networks of brokers: simulated ones do as the routing table says, which real ones were seen to do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab.activemq.forwarding.durable import Absence
from lab.declare.loading import load
from lab.declare.steps.clients import Subscribe
from lab.declare.steps.messages import Publish
from lab.link.impairment import LinkState
from lab.plan.routing import routing_table
from lab.runtime.messages import Destination, Outgoing, Terms, destination
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


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", [2, 3, 12, 22, 23])  # with two connectors to one broker, rings, static lists
def test_simulated_brokers_do_as_the_routing_table_says(seed: int, tmp_path: Path) -> None:
    found = compare(tmp_path, seed)
    assert found
    assert not [str(each) for each in found if not each.agrees]


ROUND = """scenario: a way round
topology:
  topology: round
  regions:
    dublin: {{aws-region: eu-west-1, vpc: 10.1.0.0/16}}
    virginia: {{aws-region: us-east-1, vpc: 10.2.0.0/16}}
    frankfurt: {{aws-region: eu-central-1, vpc: 10.3.0.0/16}}
  brokers:
{brokers}
  links:
    - {{between: [dublin, virginia], link: aws}}
    - {{between: [virginia, frankfurt], link: aws}}
    - {{between: [frankfurt, dublin], link: aws}}
steps:
  - wait: 1s
"""
BROKER = """    {name}:
      region: {region}
      broker-id: b-{digit}{digit}{digit}{digit}{digit}{digit}{digit}{digit}-0000-4000-8000-000000000000
      users: {{bridge: {{password: a-password-of-14}}}}
      configuration: |
        <broker xmlns="http://activemq.apache.org/schema/core">
          <networkConnectors>
            <networkConnector name="{connector}" userName="bridge" {more} messageTTL="2" consumerTTL="1"
              uri="static:(ssl://b-{to}-0000-4000-8000-000000000000-1.mq.{there}.amazonaws.com:61617)"/>
          </networkConnectors>
        </broker>
"""


@pytest.mark.parametrize(("name", "waits"), [("wa", "b"), ("other", "a")])
def test_a_bridge_whose_name_begins_anothers_takes_a_message_round(name: str, waits: str, tmp_path: Path) -> None:
    """It takes up what that one has subscribed to, which has not: then there is no telling by the table."""
    path = tmp_path / "round.yaml"
    a = BROKER.format(name="a", region="dublin", digit=1, connector="wan", more="", to="2" * 8, there="us-east-1")
    b = BROKER.format(
        name="b", region="virginia", digit=2, connector="x", more='duplex="true"', to="3" * 8, there="eu-central-1"
    )
    c = BROKER.format(
        name="c", region="frankfurt", digit=3, connector=name, more='duplex="true"', to="1" * 8, there="eu-west-1"
    )
    path.write_text(ROUND.format(brokers=a + b + c))
    topic = Destination(kind="topic", name="news")
    (route,) = routing_table(
        load(path, environment={}).topology, sources=["a"], targets=["b"], destinations=[str(topic)]
    )
    assert [each.connector for each in route.over] == ["wan"]
    assert (route.away[Absence.LEFT], route.away.get(Absence.REOPENED, "unknown")) == (
        "b",
        "unknown" if name == "wa" else "a",
    )
    world = World(str(path), password="a-password-of-14")
    world.until(world.up)
    terms = Terms(destination=topic, durable=True)
    subscriber, _ = world.client("k", "b", "stomp", user="bridge")
    subscriber.subscribe(terms)
    world.run(0.5)
    subscriber.close()
    links = [each.name for each in world.plan.links]
    for link in links:
        world.cut(link, state=LinkState.REJECT)
    world.until(lambda: not any(wire.bridges() for wire in world.wires.values()), 100.0)
    for link in links:
        world.cut(link, state=LinkState.OPEN)
    world.until(world.up)
    publisher, _ = world.client("p", "a", "stomp", user="bridge")
    publisher.publish(Outgoing("1", topic, b"1", {}, 1, persistent=True, retained=False))
    world.run(1.0)
    for link in links:
        world.cut(link)
    again, heard = world.client("k", "b", "stomp", user="bridge")
    again.subscribe(terms)
    world.run(1.0)
    assert heard.bodies == ([b"1"] if waits == "b" else [])

"""Durable subscriptions that brokers exchange when a bridge opens (syncDurableSubs), by release.

Three brokers in a chain, a → b → c, with a durable subscriber at c that has left. Real brokers were asked on
2026-12-02, with ActiveMQ 5.18.3 and with 5.19.1 (whose STOMP is of 5.18.3). For `REAL`, c and b were killed, b was
started, five persistent messages were sent to a, c was started, and the subscriber came back. `ForwardCount` is of the
topic on a.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.runtime.messages import Destination, Outgoing, Terms
from tests.simulation.world import World

NEWS = Destination(kind="topic", name="news")
ID = "b-0000000{number}-0000-4000-8000-000000000000"
SENT = 5
INCLUDED = "<dynamicallyIncludedDestinations><topic physicalName='&gt;'/></dynamicallyIncludedDestinations>"


def connector(name: str, to: int, attributes: str) -> str:
    uri = f"static:(ssl://{ID.format(number=to)}-1.mq.eu-west-1.amazonaws.com:61617)"
    return (
        f'<networkConnectors><networkConnector name="{name}" userName="bridge" syncDurableSubs="true" {attributes} '
        f'uri="{uri}">{INCLUDED}</networkConnector></networkConnectors>'
    )


def chain(folder: Path, attributes: str, releases: tuple[str, str, str]) -> World:
    """Return the brokers a, b and c, whose connectors a-b and b-c have these attributes."""
    inside = {"a": connector("a-b", 2, attributes), "b": connector("b-c", 3, attributes), "c": ""}
    topology = ["topology: chain", "regions:"]
    topology += [f"  r{n}: {{aws-region: eu-west-1, vpc: 10.{n}.0.0/16}}" for n in (1, 2, 3)] + ["brokers:"]
    for number, (name, release) in enumerate(zip("abc", releases, strict=True), 1):
        text = f'<broker xmlns="http://activemq.apache.org/schema/core">{inside[name]}</broker>'
        (folder / f"{name}.xml").write_text(text)
        fields = f"region: r{number}, broker-id: {ID.format(number=number)}, engine-version: '{release}'"
        user = "users: {bridge: {password: a-password-of-14}}"
        topology.append(f"  {name}: {{{fields}, configuration: {name}.xml, {user}}}")
    links = "links: [{between: [r1, r2], link: {delay: 1ms}}, {between: [r2, r3], link: {delay: 1ms}}]"
    (folder / "topology.yaml").write_text("\n".join([*topology, links]))
    (folder / "scenario.yaml").write_text("scenario: chain\ntopology: topology.yaml\nsteps: [wait: 1s]\n")
    return World(str(folder / "scenario.yaml"), password="a-password-of-14")


def keeper(world: World) -> list[bytes]:
    """Have the durable subscriber come; return the bodies that it hears."""
    client, heard = world.client("keeper", "c", "stomp", user="bridge")
    client.subscribe(Terms(destination=NEWS, durable=True))
    world.run(4.0)
    client.close()
    return heard.bodies


def publish(world: World) -> None:
    client, sent = world.client("p", "a", "stomp", user="bridge")
    for number in range(SENT):
        client.publish(Outgoing(f"1-{number}", NEWS, b"%d" % number, {}, 1, persistent=True, retained=False))
    world.run(3.0)
    assert len(sent.outcomes) == SENT


def restart(world: World, broker: str) -> None:
    world.kill(broker)
    world.start(broker)
    world.run(10.0)


REAL = [  # attributes, releases of a, b and c; a's ForwardCount, and what reached the subscriber
    ("", ("5.18", "5.18", "5.18"), 5, 0),
    ("", ("5.19", "5.19", "5.19"), 0, 0),
    ("", ("5.18", "5.19", "5.19"), 0, 0),
    ("", ("5.19", "5.18", "5.18"), 0, 0),
    ('networkTTL="3"', ("5.18", "5.18", "5.18"), 5, 5),
    ('networkTTL="3"', ("5.19", "5.19", "5.19"), 5, 5),
    ('consumerTTL="0"', ("5.18", "5.18", "5.18"), 5, 0),
    ('consumerTTL="0"', ("5.19", "5.19", "5.19"), 0, 0),
]


@pytest.mark.parametrize(("attributes", "releases", "forwarded", "received"), REAL)
def test_a_bridge_learns_what_real_brokers_told_it(
    tmp_path: Path, attributes: str, releases: tuple[str, str, str], forwarded: int, received: int
) -> None:
    world = chain(tmp_path, attributes, releases)
    world.until(world.up)
    assert keeper(world) == []
    world.kill("c")
    restart(world, "b")
    publish(world)
    (bridge,) = world.wires["a"].bridges()
    assert bridge.dequeued == forwarded
    world.start("c")
    world.run(60.0)
    assert len(keeper(world)) == received


@pytest.mark.parametrize(("engine_version", "forwarded"), [("5.18", 5), ("5.19", 0)])
def test_a_subscription_taken_up_again_has_its_whole_path_from_5_19_1_on(
    tmp_path: Path, engine_version: str, forwarded: int
) -> None:
    """With two bridges allowed: real brokers forwarded so many after a had missed the begin, and c had come back."""
    world = chain(tmp_path, 'networkTTL="2"', (engine_version,) * 3)
    world.until(world.up)
    world.kill("a")
    client, _ = world.client("keeper", "c", "stomp", user="bridge")
    client.subscribe(Terms(destination=NEWS, durable=True))
    world.run(4.0)
    restart(world, "b")  # from now on, its connector takes up subscriptions to the topic
    client.close()
    restart(world, "c")
    world.start("a")
    world.run(10.0)
    publish(world)
    (bridge,) = world.wires["a"].bridges()
    assert bridge.dequeued == forwarded


def test_a_subscription_that_ended_while_its_bridge_was_down_ends_at_the_other_broker_too(tmp_path: Path) -> None:
    """`cleanupDurableSub`: without syncDurableSubs the bridge keeps messages for nobody."""
    world = chain(tmp_path, "", ("5.18", "5.18", "5.18"))
    world.until(world.up)
    keeper(world)
    assert world.brokers["b"].durables("b-c_c_inbound_b")
    world.kill("b")
    client, _ = world.client("keeper", "c", "stomp", user="bridge")
    client.subscribe(Terms(destination=NEWS, durable=True))
    world.run(1.0)
    client.unsubscribe(NEWS)
    world.run(1.0)
    world.start("b")
    world.run(10.0)
    assert world.brokers["b"].durables("b-c_c_inbound_b") == ()


def test_a_synchronised_subscription_that_ends_later_ends_its_bridges_subscription(tmp_path: Path) -> None:
    world = chain(tmp_path, "", ("5.18", "5.18", "5.18"))
    world.until(world.up)
    keeper(world)
    restart(world, "b")
    assert world.brokers["b"].durables("b-c_c_inbound_b")
    world.brokers["c"].purge()  # as its management ends a subscription whose client is away
    world.run(1.0)
    assert world.brokers["b"].durables("b-c_c_inbound_b") == ()

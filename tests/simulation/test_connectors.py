"""What a network connector is told, and what its bridges then do: windows, lists, times, several addresses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from lab.activemq.log_lines import name_of
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.link.impairment import LinkState
from lab.runtime.messages import Destination, Outgoing, Terms
from lab.simulation.bridge.reconnecting import Discovery
from lab.simulation.bridge.support import ATTRIBUTES, ELEMENTS, refusals
from lab.simulation.kernel import MILLISECOND
from lab.simulation.support import tables
from tests.simulation.world import World

HOST = "b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com"
STATIC = f"static:(ssl://{HOST}:61617)"
QUEUE = Destination(kind="queue", name="orders")
TOPIC = Destination(kind="topic", name="prices.eur")


def configuration(inside: str = "", uri: str = STATIC, **attributes: str) -> str:
    written = " ".join(f'{name}="{value}"' for name, value in {"uri": uri, **attributes}.items())
    return (
        '<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors>'
        f'<networkConnector name="wan" userName="testuser" {written}>{inside}</networkConnector>'
        "</networkConnectors></broker>"
    )


def world(folder: Path, inside: str = "", **attributes: str) -> World:
    """Return Tokyo and Singapore, joined by a connector of Tokyo's with these attributes."""
    topology = {
        "topology": "two",
        "regions": {
            "tokyo": {"aws-region": "ap-northeast-1", "vpc": "10.1.0.0/16"},
            "singapore": {"aws-region": "ap-southeast-1", "vpc": "10.2.0.0/16"},
        },
        "brokers": {
            "tokyo": {
                "region": "tokyo",
                "configuration": "tokyo.xml",
                "users": {"testuser": {"password": "S3cretS3cret1"}},
                "engine-version": "5.18",
            },
            "singapore": {
                "region": "singapore",
                "broker-id": "b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5",
                "users": {"testuser": {"password": "S3cretS3cret1"}},
                "engine-version": "5.18",
            },
        },
        "links": [{"between": ["tokyo", "singapore"], "link": {"delay": "35ms"}}],
    }
    (folder / "tokyo.xml").write_text(configuration(inside, **{"duplex": "true", **attributes}))
    (folder / "topology.yaml").write_text(yaml.safe_dump(topology))
    steps = [{"subscribe": {"client": "c", "broker": "tokyo", "over": "mqtt", "topic": "a"}}]
    scenario = {"scenario": "two", "topology": "topology.yaml", "steps": steps}
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    return World(str(folder / "scenario.yaml"))


def outgoing(n: int, to: Destination = TOPIC, *, persistent: bool = True, size: int = 1) -> Outgoing:
    return Outgoing(f"1-{n}", to, b"x" * size, {}, 1, persistent=persistent, retained=False)


def crossing_time(of: World, count: int, size: int = 1) -> float:
    """Return how long so many queued messages take to cross to a consumer that comes now."""
    publisher, _ = of.client("p", "tokyo", "stomp")
    for n in range(count):
        publisher.publish(outgoing(n, QUEUE, size=size))
    of.run(5.0)
    consumer, heard = of.client("c", "singapore", "stomp")
    consumer.subscribe(Terms(destination=QUEUE))
    of.until(lambda: len(heard.bodies) > 0)
    begun = of.clock.now()
    of.kernel.notify()
    while len(heard.bodies) < count:
        of.run(0.01)
    return of.clock.now() - begun


def test_a_window_of_ten_messages_lets_ten_cross_in_each_round_trip(tmp_path: Path) -> None:
    its = world(tmp_path, prefetchSize="10")
    its.until(its.up)
    assert crossing_time(its, 200) == pytest.approx(19 * 0.07, rel=0.05)


def test_a_socket_buffer_of_64_kib_lets_85_kib_cross_in_each_round_trip(tmp_path: Path) -> None:
    its = world(tmp_path)
    its.until(its.up)
    assert 400 * 6_200 / crossing_time(its, 400, size=6_200) == pytest.approx(87_040 / 0.07, rel=0.1)


def test_without_always_sync_send_messages_that_are_not_persistent_need_no_answer(tmp_path: Path) -> None:
    its = world(tmp_path, alwaysSyncSend="false")
    its.until(its.up)
    subscriber, heard = its.client("s", "singapore", "stomp")
    subscriber.subscribe(Terms(destination=TOPIC))
    publisher, _ = its.client("p", "tokyo", "stomp")
    its.run(0.5)
    publisher.publish(outgoing(1, persistent=False))
    its.run(0.01)
    assert its.wires["tokyo"].bridges()[0].dequeued == 1
    publisher.publish(outgoing(2))
    its.run(0.01)
    assert its.wires["tokyo"].bridges()[0].dequeued == 1
    its.run(0.5)
    assert (len(heard.bodies), its.wires["tokyo"].bridges()[0].dequeued) == (2, 2)


def test_an_unanswered_message_is_sent_again_once_the_bridge_is_back(tmp_path: Path) -> None:
    its = world(tmp_path)
    its.until(its.up)
    consumer, heard = its.client("c", "singapore", "stomp")
    consumer.subscribe(Terms(destination=TOPIC))
    publisher, _ = its.client("p", "tokyo", "stomp")
    its.run(0.5)
    link = its.plan.links[0].name
    publisher.publish(outgoing(1, QUEUE))
    other, took = its.client("o", "singapore", "stomp")
    other.subscribe(Terms(destination=QUEUE))
    its.run(0.09)
    its.cut(link, "singapore", LinkState.CUT)  # the answer is lost, the message is not
    its.run(120.0)
    its.cut(link, state=LinkState.OPEN)
    its.until(its.up, 120.0)
    its.run(2.0)
    assert took.bodies == [b"x"]
    assert heard.bodies == []


def test_a_longer_maximum_inactivity_counts_at_both_ends_only_if_both_ask_for_it(tmp_path: Path) -> None:
    uri = f"static:(ssl://{HOST}:61617?wireFormat.maxInactivityDuration=3000)"
    its = world(tmp_path, uri=uri)
    its.until(its.up)
    its.run(20.0)
    cut = its.clock.now()
    its.cut(its.plan.links[0].name)
    its.until(lambda: not any(wire.bridges() for wire in its.wires.values()), 30.0)
    assert 5.0 <= its.clock.now() - cut <= 9.1
    assert its.said("tokyo", "Channel was inactive for too (>3000) long: tcp://10.2.0.4:61617") or its.said(
        "singapore", "Channel was inactive for too (>3000) long"
    )


def test_without_a_maximum_inactivity_nobody_notices_a_silent_partition(tmp_path: Path) -> None:
    uri = f"static:(ssl://{HOST}:61617?wireFormat.maxInactivityDuration=0)"
    its = world(tmp_path, uri=uri)
    its.until(its.up)
    its.run(20.0)
    its.cut(its.plan.links[0].name)
    its.run(600.0)
    assert its.up()


def test_discovery_options_set_the_waits(tmp_path: Path) -> None:
    uri = f"{STATIC}?initialReconnectDelay=500&amp;backOffMultiplier=3&amp;maxReconnectDelay=2000"
    its = world(tmp_path, uri=uri)
    its.until(its.up)
    its.kill("singapore")
    its.run(20.0)
    tries = [float(line.split()[0]) for line in its.said("tokyo", "Establishing")][1:]
    assert [later - earlier for earlier, later in pairwise(tries)][:3] == pytest.approx([1.5, 2, 2], abs=0.1)


def test_attempts_end_where_their_number_is_limited(tmp_path: Path) -> None:
    its = world(tmp_path, uri=f"{STATIC}?maxReconnectAttempts=2")
    its.kill("singapore")
    its.run(60.0)
    assert len(its.said("tokyo", "Establishing")) == 2
    assert its.said("tokyo", "Reconnect attempts exceeded 2 tries.  Reconnecting has been disabled")


@pytest.mark.parametrize(
    ("lasted", "delay", "then"), [(0, None, 1000), (0, 1000, 2000), (4999, 16_000, 30_000), (5000, 16_000, 1000)]
)
def test_the_wait_doubles_up_to_30_s_and_begins_anew_after_what_lasted(
    lasted: int, delay: int | None, then: int
) -> None:
    before = None if delay is None else delay * MILLISECOND
    assert Discovery().next_delay(before, lasted * MILLISECOND) == then * MILLISECOND


@pytest.mark.parametrize(
    ("inside", "crosses"),
    [
        ('<excludedDestinations><topic physicalName="prices.>"/></excludedDestinations>', [QUEUE]),
        (
            '<dynamicallyIncludedDestinations><topic physicalName="prices.>"/></dynamicallyIncludedDestinations>',
            [TOPIC],
        ),
        ("", [QUEUE, TOPIC]),
    ],
)
def test_lists_of_destinations_decide_what_crosses(tmp_path: Path, inside: str, crosses: list[Destination]) -> None:
    its = world(tmp_path, inside)
    its.until(its.up)
    subscriber, heard = its.client("s", "singapore", "stomp")
    publisher, _ = its.client("p", "tokyo", "stomp")
    for each in (QUEUE, TOPIC):
        subscriber.subscribe(Terms(destination=each))
    its.run(0.5)
    # ActiveMQ 5.18.3 counts at the far end the consumers that it told of: with a list of what is included, those alone
    (end,) = its.wires["singapore"].bridges()
    assert end.enqueued == (1 if "Included" in inside else 2)
    for n, each in enumerate((QUEUE, TOPIC)):
        publisher.publish(outgoing(n, each))
    its.run(0.5)
    assert [each.destination for each in heard.messages] == crosses


def test_what_is_statically_included_crosses_without_a_consumer(tmp_path: Path) -> None:
    inside = '<staticallyIncludedDestinations><queue physicalName="orders"/></staticallyIncludedDestinations>'
    its = world(tmp_path, inside)
    its.until(its.up)
    publisher, _ = its.client("p", "tokyo", "stomp")
    publisher.publish(outgoing(1, QUEUE))
    its.run(1.0)
    (seen,) = its.brokers["singapore"].destinations_seen(0.0, [str(QUEUE)])
    assert seen.queued == 1


def test_several_consumers_share_one_subscription_and_without_conduit_each_has_its_own(tmp_path: Path) -> None:
    """Singapore has the service's own configuration, whose entry for topics drops what comes twice: seen on 5.18.3."""
    for conduit, copies in (("true", 1), ("false", 2)):
        folder = tmp_path / conduit
        folder.mkdir()
        its = world(folder, conduitSubscriptions=conduit, suppressDuplicateTopicSubscriptions="false")
        its.until(its.up)
        heard = []
        for name in ("one", "two"):
            client, its_own = its.client(name, "singapore", "stomp")
            client.subscribe(Terms(destination=TOPIC))
            heard.append(its_own)
        its.run(0.5)
        publisher, _ = its.client("p", "tokyo", "stomp")
        publisher.publish(outgoing(1))
        its.run(0.5)
        assert [len(each.bodies) for each in heard] == [1, 1]
        assert its.wires["tokyo"].bridges()[0].dequeued == copies


def test_a_one_way_bridge_carries_one_way_alone(tmp_path: Path) -> None:
    its = world(tmp_path, duplex="false")
    its.until(its.up)
    its.run(0.1)
    assert not its.wires["singapore"].bridges()
    assert its.brokers["singapore"].follows("wan", "tokyo", "outbound")
    for broker in ("tokyo", "singapore"):
        client, heard = its.client(f"s-{broker}", broker, "stomp")
        client.subscribe(Terms(destination=TOPIC))
        its.run(0.5)
        publisher, _ = its.client(f"p-{broker}", "tokyo" if broker == "singapore" else "singapore", "stomp")
        publisher.publish(outgoing(1))
        its.run(0.5)
        assert len(heard.bodies) == (broker == "singapore")


@pytest.mark.parametrize("name", ["consumerTTL", "messageTTL"])
@pytest.mark.parametrize("duplex", ["true", "false"])
def test_a_ttl_of_0_lets_no_advisory_over_a_duplex_bridge(tmp_path: Path, name: str, duplex: str) -> None:
    its = world(tmp_path, duplex=duplex, **{name: "0"})
    its.until(its.up)
    client, heard = its.client("s", "singapore", "stomp")
    client.subscribe(Terms(destination=TOPIC))
    its.run(0.5)
    assert its.brokers["tokyo"].demand(str(TOPIC)) is (duplex == "false")
    publisher, _ = its.client("p", "tokyo", "stomp")
    publisher.publish(outgoing(1))
    its.run(0.5)
    assert len(heard.bodies) == (duplex == "false" and name == "consumerTTL")


def test_an_answer_goes_back_into_a_temporary_queue_over_the_bridge(tmp_path: Path) -> None:
    its = world(tmp_path)
    its.until(its.up)
    asker, answers = its.client("a", "tokyo", "stomp")
    replier, asked = its.client("r", "singapore", "stomp")
    replier.subscribe(Terms(destination=QUEUE, replies=True))
    back = asker.temporary()
    its.run(0.5)
    asker.publish(outgoing(1, QUEUE)._replace(reply_to=back))
    its.run(0.5)
    to = asked.messages[0].reply_to
    assert to is not None
    replier.publish(outgoing(2, to))
    its.run(0.5)
    assert len(answers.bodies) == 1
    asker.close()
    its.run(1.0)
    assert its.up()


def test_a_list_of_addresses_is_tried_one_after_another_and_the_bridge_goes_to_the_one_that_answers() -> None:
    its = World("failover", start=["tokyo"])
    for each in ("singapore-1", "singapore-2"):
        its.fabric.power(each, "down")
    its.run(1.9)
    assert [name_of(line.split(" ", 2)[2]) for line in its.said("tokyo", "pending")] == ["connection-refused"] * 2
    assert its.said("tokyo", "ERROR FailoverTransport | Failed to connect to [ssl://")
    its.start("singapore", 2)
    its.until(its.up)
    assert its.said("tokyo", "Successfully connected to ssl://b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-2.")
    its.kill("singapore")
    its.run(0.5)
    assert its.said("tokyo", "and unconnected shutdown due to a remote error: ")


def test_the_table_has_every_attribute_that_the_service_permits() -> None:
    allowed = permitted("5.19")
    assert allowed is not None
    element = allowed.elements["networkConnector"]
    assert set(element.attributes) <= set(tables()[ATTRIBUTES])
    assert set(element.collections) <= set(tables()[ELEMENTS])


def test_what_is_not_modelled_is_refused_by_name_and_place() -> None:
    text = configuration(
        '<dynamicallyIncludedDestinations><tempQueue physicalName="x"/></dynamicallyIncludedDestinations>',
        uri=f"static:(ssl://{HOST}:61617?soTimeout=1)?discovered.x=1",
        useCompression="true",
        dispatchAsync="true",
        syncDurableSubs="true",
    )
    (connector,) = read(text.encode(), "c.xml").connectors
    found = [str(each) for each in refusals(connector)]
    assert len(found) == 4
    assert all(each.startswith("c.xml:1:") and "the simulation has no" in each for each in found)
    for words in ('useCompression="true"', "<tempQueue>", "option discovered.x", "option soTimeout"):
        assert any(words in each for each in found)


@pytest.mark.parametrize(("inactivity", "refused"), [("0", True), ("3000", False)])
def test_tcps_own_probes_are_refused_where_a_bridge_may_be_silent_for_two_hours(inactivity: str, refused: bool) -> None:
    options = f"keepAlive=true&amp;wireFormat.maxInactivityDuration={inactivity}"
    (connector,) = read(configuration(uri=f"static:(ssl://{HOST}:61617?{options})").encode(), "c.xml").connectors
    found = [str(each) for each in refusals(connector)]
    assert len(found) == refused
    assert all("keepAlive=true with wireFormat.maxInactivityDuration=0" in each for each in found)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"prefetchSize": "0"}, "a broker with such a value does not start"),
        ({"prefetchSize": "-5"}, "a broker with such a value does not start"),
        ({"prefetchSize": "abc"}, "not a whole number"),
        ({"networkTTL": "many"}, "not a whole number"),
        ({"dynamicOnly": "maybe"}, "not one of true, yes"),
        *(
            ({"uri": f"static:(ssl://{HOST}:61617?{option})"}, why)
            for option, why in (
                ("connectionTimeout=0", "an attempt without a time limit"),
                ("connectionTimeout=-1", "an attempt without a time limit"),
                ("connectionTimeout=200000", "Linux ends an attempt after 127000 ms"),
                ("connectionTimeout=abc", "not a whole number"),
                ("connectionTimeout=", "not a whole number"),
                ("connectionTimeout=1_0", "not a whole number"),
                ("socketBufferSize=1k", "not a whole number"),
                ("socketBufferSize=-1", "less than 0"),
                ("wireFormat.maxInactivityDuration=x", "not a whole number"),
            )
        ),
        *(
            ({"uri": f"{STATIC}?{option}"}, why)
            for option, why in (
                ("backOffMultiplier=1.5", "not a whole number"),
                ("backOffMultiplier=0", "in Java a wait of 0 ms never ends"),
                ("initialReconnectDelay=x", "not a whole number"),
                ("initialReconnectDelay=0", "in Java a wait of 0 ms never ends"),
                ("maxReconnectDelay=0", "in Java a wait of 0 ms never ends"),
                ("maxReconnectAttempts=2147483648", "more than 2147483647"),
                ("useExponentialBackOff=maybe", "not one of true, false"),
            )
        ),
    ],
)
def test_a_value_that_the_model_would_read_otherwise_than_activemq_is_refused_by_name_and_place(
    written: dict[str, str], why: str
) -> None:
    (connector,) = read(configuration(**written).encode(), "c.xml").connectors
    (found,) = refusals(connector)
    assert str(found).startswith("c.xml:1:")
    assert why in str(found)
    ((name, value),) = written.items()
    assert f"the simulation has no {f'{name}=' if name != 'uri' else value.rpartition('?')[2].strip(')')}" in str(found)


def test_values_that_activemq_reads_as_the_model_does_are_taken() -> None:
    uri = f"static:(ssl://{HOST}:61617?connectionTimeout=1&amp;socketBufferSize=0)"
    discovery = "maxReconnectAttempts=-1&amp;useExponentialBackOff=FALSE&amp;minConnectTime=0"
    text = configuration(uri=f"{uri}?{discovery}", prefetchSize="1", networkTTL="-1", duplex="TRUE")
    (connector,) = read(text.encode(), "c.xml").connectors
    assert not list(refusals(connector))


def test_the_articles_connector_is_modelled() -> None:
    (connector,) = read(configuration(duplex="true").encode(), "c.xml").connectors
    assert not list(refusals(connector))

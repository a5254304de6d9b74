"""Clients of simulated brokers, over every protocol: what each promises, and what it says when it is refused."""

from __future__ import annotations

import pytest

from lab.activemq.protocols import ENDPOINTS, PROTOCOLS, Port
from lab.errors import BrokerError, LabTimeout, PlanError
from lab.history import SendOutcome
from lab.runtime.messages import Destination, Outgoing, Session, Terms
from lab.simulation.kernel import SECOND
from lab.simulation.tcp.connection import INTERNET
from tests.simulation.labs import End
from tests.simulation.world import World

TOPIC = Destination(kind="topic", name="prices.eur")
QUEUE = Destination(kind="queue", name="orders")
QUEUES = [over for over in PROTOCOLS if not over.startswith("mqtt")]
OK = (SendOutcome.OK, "")


def outgoing(n: int, to: Destination = TOPIC, **fields: object) -> Outgoing:
    usual = Outgoing(f"1-{n}", to, b"%d" % n, {}, 1, persistent=True, retained=False)
    return usual._replace(**fields)  # type: ignore[arg-type]


def lone() -> World:
    return World(start=["tokyo"])


@pytest.mark.parametrize("over", PROTOCOLS)
def test_a_topics_messages_come_in_order_and_each_send_is_acknowledged(over: str) -> None:
    world = lone()
    subscriber, heard = world.client("s", "tokyo", over)
    publisher, sent = world.client("p", "tokyo", over)
    subscriber.subscribe(Terms(destination=TOPIC))
    world.run(0.1)
    for n in range(50):
        publisher.publish(outgoing(n, headers={"colour": "red"}))
    world.run(1.0)
    assert heard.bodies == [b"%d" % n for n in range(50)]
    assert [heard.messages[0].destination, heard.messages[0].redelivered] == [TOPIC, False]
    assert set(sent.outcomes.values()) == {OK}
    if not over.startswith("mqtt"):
        assert heard.messages[0].headers["colour"] == "red"


@pytest.mark.parametrize("over", PROTOCOLS)
def test_a_wrong_password_is_not_authorised(over: str) -> None:
    with pytest.raises(BrokerError, match="password") as refused:
        lone().client("s", "tokyo", over, password="wr0ng")
    assert refused.value.how == "not-authorised"


@pytest.mark.parametrize("over", PROTOCOLS)
@pytest.mark.parametrize("tls", ["untrusted", "wrong-name"])
def test_a_certificate_that_is_not_to_be_trusted_is_told_apart(over: str, tls: str) -> None:
    with pytest.raises(BrokerError, match="its certificate is not trusted") as refused:
        lone().client("s", "tokyo", over, tls=tls)
    assert refused.value.how == "tls-failed"


@pytest.mark.parametrize("over", PROTOCOLS)
def test_a_broker_that_is_down_refuses_and_one_that_is_frozen_is_silent(over: str) -> None:
    world = lone()
    world.fabric.power("tokyo", "paused")
    world.brokers["tokyo"].pause()
    before = world.clock.now()
    with pytest.raises(LabTimeout) as silent:
        world.client("s", "tokyo", over)
    assert silent.value.how == "timed-out"
    assert world.clock.now() - before == pytest.approx(10.0, abs=0.1)
    world.kill("tokyo")
    with pytest.raises(BrokerError) as refused:
        world.client("s", "tokyo", over)
    assert refused.value.how == "refused"


@pytest.mark.parametrize("over", PROTOCOLS)
def test_a_client_learns_once_that_its_broker_was_killed_and_its_sends_are_unknown(over: str) -> None:
    world = lone()
    client, heard = world.client("s", "tokyo", over)
    client.publish(outgoing(1))
    world.kill("tokyo")
    world.run(1.0)
    assert heard.losses == ["the connection was lost"]
    assert heard.outcomes["1-1"][0] in (SendOutcome.UNKNOWN, SendOutcome.OK)
    client.publish(outgoing(2))
    assert heard.outcomes["1-2"] == (SendOutcome.FAILED, "not sent: the connection was lost")
    client.close()
    assert heard.losses == ["the connection was lost"]


@pytest.mark.parametrize("over", PROTOCOLS)
def test_a_client_notices_a_frozen_broker_by_its_own_clock(over: str) -> None:
    world = lone()
    _, heard = world.client("s", "tokyo", over)
    world.fabric.power("tokyo", "paused")
    world.brokers["tokyo"].pause()
    world.run(61.0)
    assert len(heard.losses) == 1


@pytest.mark.parametrize("over", PROTOCOLS)
def test_an_idle_connection_stays(over: str) -> None:
    world = lone()
    client, heard = world.client("s", "tokyo", over)
    client.subscribe(Terms(destination=TOPIC))
    world.run(600.0)
    assert heard.losses == []
    assert world.wires["tokyo"].connections()[{"mqtt": "mqtt", "stomp": "stomp", "amqp": "amqp"}.get(over, "wss")] == 1


@pytest.mark.parametrize("over", QUEUES)
def test_what_is_not_acknowledged_goes_back_marked_when_the_client_has_gone(over: str) -> None:
    world = lone()
    taker, took = world.client("t", "tokyo", over)
    publisher, _ = world.client("p", "tokyo", over)
    taker.subscribe(Terms(destination=QUEUE, ack="client-individual"))
    for n in range(4):
        publisher.publish(outgoing(n, QUEUE))
    world.run(0.5)
    tokens = [each.token for each in took.messages]
    assert taker.acknowledge([str(tokens[1])]) == [SendOutcome.OK]
    taker.close()
    world.run(0.5)
    other, heard = world.client("o", "tokyo", over)
    other.subscribe(Terms(destination=QUEUE))
    world.run(0.5)
    assert heard.bodies == [b"0", b"2", b"3"]
    assert [each.redelivered for each in heard.messages] == [True, True, True]


@pytest.mark.parametrize("over", QUEUES)
def test_in_client_mode_an_acknowledgement_covers_all_before_it(over: str) -> None:
    world = lone()
    taker, took = world.client("t", "tokyo", over)
    taker.subscribe(Terms(destination=QUEUE, ack="client", prefetch=3))
    publisher, _ = world.client("p", "tokyo", over)
    for n in range(10):
        publisher.publish(outgoing(n, QUEUE))
    world.run(0.5)
    assert took.bodies == [b"0", b"1", b"2"]
    taker.acknowledge([str(took.messages[2].token)])
    world.run(0.5)
    assert len(took.bodies) in (5, 6)  # an AMQP client grants again in portions of half


@pytest.mark.parametrize("over", QUEUES)
def test_a_browser_takes_nothing(over: str) -> None:
    world = lone()
    client, _ = world.client("c", "tokyo", over)
    for n in range(5):
        client.publish(outgoing(n, QUEUE))
    world.run(0.5)
    for _ in range(2):
        look = client.browse(QUEUE, 5.0)
        assert ([each.body for each in look.messages], look.ended) == ([b"0", b"1", b"2", b"3", b"4"], True)


@pytest.mark.parametrize("over", QUEUES)
def test_a_request_is_answered_into_a_temporary_queue(over: str) -> None:
    world = lone()
    asker, answers = world.client("a", "tokyo", over)
    replier, asked = world.client("r", "tokyo", over)
    replier.subscribe(Terms(destination=QUEUE, replies=True))
    back = asker.temporary()
    asker.publish(outgoing(1, QUEUE, reply_to=back))
    world.run(0.5)
    to = asked.messages[0].reply_to
    assert to is not None
    replier.publish(outgoing(2, to))
    world.run(0.5)
    assert answers.bodies == [b"2"]
    asker.close()


@pytest.mark.parametrize("over", QUEUES)
def test_a_durable_subscription_keeps_what_comes_while_its_client_is_away(over: str) -> None:
    world = lone()
    terms = Terms(destination=TOPIC, durable=True)
    one, _ = world.client("d", "tokyo", over)
    one.subscribe(terms)
    one.close()
    publisher, _ = world.client("p", "tokyo", over)
    for n in range(3):
        publisher.publish(outgoing(n))
    world.run(0.5)
    two, heard = world.client("d", "tokyo", over)
    two.subscribe(terms)
    world.run(0.5)
    assert heard.bodies == [b"0", b"1", b"2"]
    two.unsubscribe(TOPIC)
    world.run(0.5)
    assert not world.brokers["tokyo"].durables("d")


@pytest.mark.parametrize("over", [over for over in PROTOCOLS if not over.startswith("mqtt")])
def test_a_client_id_that_is_taken_is_refused(over: str) -> None:
    world = lone()
    world.client("same", "tokyo", over)
    with pytest.raises(BrokerError, match="already connected from"):
        world.client("same", "tokyo", over)


def test_an_mqtt_client_id_is_taken_over_by_the_one_that_comes_later() -> None:
    world = lone()
    _, first = world.client("same", "tokyo")
    client, second = world.client("same", "tokyo")
    world.run(1.0)
    assert first.losses == ["the connection was lost"]
    assert second.losses == []
    client.subscribe(Terms(destination=TOPIC))


def test_an_mqtt_session_that_is_kept_brings_what_came_while_it_was_away() -> None:
    world = lone()
    kept = Session(client_id="k", clean=False)
    one, _ = world.client("k", "tokyo", session=kept)
    one.subscribe(Terms(destination=TOPIC))
    one.close()
    publisher, _ = world.client("p", "tokyo")
    for n in range(3):
        publisher.publish(outgoing(n))
    world.run(0.5)
    back = Session(client_id="k", clean=False, kept=(Terms(destination=TOPIC),))
    _, heard = world.client("k", "tokyo", session=back)
    world.run(0.5)
    assert heard.bodies == [b"0", b"1", b"2"]
    _, clean = world.client("k", "tokyo", session=Session(client_id="k"))
    world.run(0.5)
    assert clean.bodies == []
    assert not world.brokers["tokyo"].durables("k")


@pytest.mark.parametrize(("published", "subscribed", "arrives"), [(0, 2, 0), (2, 1, 1), (1, 0, 0), (2, 2, 2)])
def test_mqtt_delivers_at_the_lower_of_both_qos(published: int, subscribed: int, arrives: int) -> None:
    world = lone()
    subscriber, heard = world.client("s", "tokyo")
    subscriber.subscribe(Terms(destination=TOPIC, qos=subscribed))
    publisher, sent = world.client("p", "tokyo")
    publisher.publish(outgoing(1, qos=published))
    world.run(0.5)
    assert heard.bodies == [b"1"]
    assert sent.outcomes == {"1-1": OK}
    assert arrives == min(published, subscribed)


def test_a_retained_message_comes_marked_to_who_subscribes_later() -> None:
    world = lone()
    publisher, _ = world.client("p", "tokyo")
    publisher.publish(outgoing(1, retained=True))
    world.run(0.5)
    subscriber, heard = world.client("s", "tokyo")
    subscriber.subscribe(Terms(destination=TOPIC))
    world.run(0.5)
    publisher.publish(outgoing(2, retained=True))
    world.run(0.5)
    assert [(each.body, each.retained) for each in heard.messages] == [(b"1", True), (b"2", False)]


@pytest.mark.parametrize("over", ["mqtt", "mqtt-wss"])
def test_mqtt_has_no_queues(over: str) -> None:
    world = lone()
    client, _ = world.client("c", "tokyo", over)
    for ask in (lambda: client.browse(QUEUE, 1.0), client.temporary, lambda: client.publish(outgoing(1, QUEUE))):
        with pytest.raises(PlanError):
            ask()


def test_stomp_in_a_web_socket_sends_no_octets_that_are_no_text() -> None:
    client, heard = lone().client("c", "tokyo", "stomp-wss")
    client.publish(outgoing(1, body=b"\xff"))
    assert heard.outcomes["1-1"] == (
        SendOutcome.FAILED,
        "not sent: the body is not UTF-8, and STOMP in a WebSocket is text",
    )


def test_messages_pass_between_protocols_and_stomps_persistent_ones_come_at_qos_0() -> None:
    world = lone()
    taker, took = world.client("m", "tokyo")
    taker.subscribe(Terms(destination=TOPIC))
    for over in ("stomp", "amqp", "mqtt"):
        client, _ = world.client(over, "tokyo", over)
        client.publish(outgoing(1, body=over.encode()))
        world.run(0.5)
    assert took.bodies == [b"stomp", b"amqp", b"mqtt"]


@pytest.mark.parametrize("over", QUEUES)
def test_many_sends_wait_for_room_and_all_are_answered(over: str) -> None:
    world = lone()
    client, heard = world.client("c", "tokyo", over)
    for n in range(2000):
        client.publish(outgoing(n, QUEUE))
    world.run(5.0)
    assert len(heard.outcomes) == 2000
    assert set(heard.outcomes.values()) == {OK}


def test_more_clients_of_a_connector_than_it_may_have_end_the_run_by_name() -> None:
    world, ports = lone(), {each.name: each.port for each in ENDPOINTS}

    def connect(n: int, over: str) -> list[End]:
        peers = [End(world.kernel) for _ in range(n)]
        for each in peers:
            world.fabric.connect(INTERNET, world.instances["tokyo"], ports[over], each, within=10 * SECOND)
        world.run(5)
        return peers

    connect(2000, "mqtt")
    gone, *_ = connect(2000, "stomp")  # of another connector
    gone.its.close()
    world.run(1)
    connect(1, "stomp")
    with pytest.raises(PlanError, match="more than 2,000 clients are connected to tokyo over stomp"):
        connect(1, "stomp")


def test_a_simulated_broker_listens_on_each_port_of_the_table() -> None:
    more = [
        Port(name="also-stomp", protocol="STOMP", scheme="stomp+ssl", port=6790, transport="stomp", over=("stomp",)),
        Port(name="also-amqp", protocol="AMQP 1.0", scheme="amqp+ssl", port=6791, transport="amqp", over=("amqp",)),
        Port(name="page", protocol="another console", scheme="https", port=6792),
    ]
    world = World(start=["tokyo"], ports=[*ENDPOINTS, *more])
    peers = [End(world.kernel) for _ in more]
    for peer, port in zip(peers, more, strict=True):
        world.fabric.connect(INTERNET, world.instances["tokyo"], port.port, peer, within=10 * SECOND)
    world.run(5)
    assert all(peer.its for peer in peers)
    connections = world.wires["tokyo"].connections()
    assert [connections[name] for name in ("stomp", "also-stomp", "also-amqp")] == [0, 1, 1]
    assert "page" not in connections

"""Observers inside real brokers: applications of other libraries, across a bridge."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import stomp
from paho.mqtt.enums import CallbackAPIVersion

from lab.history import MemoryRecorder, MessageSeen, ObserverChanged
from lab.report.trace import trace
from tests.integration.labs import Engine, Standing, eventually, standing

pytestmark = pytest.mark.docker

OBSERVED = Path(__file__).parent / "scenarios" / "observed.yaml"


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(OBSERVED, engine, tmp_path_factory.mktemp("observed")) as lab:
        yield lab


@pytest.fixture
def recorder(lab: Standing) -> Iterator[MemoryRecorder]:
    """What the observers see while a test runs."""
    recorder = MemoryRecorder()
    lab.lab.watch(recorder)
    yield recorder
    lab.lab.unwatch()


class Acknowledging(stomp.ConnectionListener):  # type: ignore[misc]  # it has no types
    def __init__(self, connection: stomp.Connection12) -> None:
        self.connection, self.bodies = connection, list[str]()

    def on_message(self, frame: stomp.utils.Frame) -> None:
        self.bodies.append(frame.body)
        if "ack" in frame.headers:
            self.connection.ack(frame.headers["ack"])


def over_stomp(
    lab: Standing, broker: str, client_id: str, stack: ExitStack
) -> tuple[stomp.Connection12, Acknowledging]:
    where = lab.endpoint(broker, "stomp", client_id=client_id)
    hosts = [(where.host, where.port)]
    connection = stomp.Connection12(hosts)
    connection.set_ssl(hosts, ca_certs=str(where.ca_file), ssl_version=ssl.PROTOCOL_TLS_CLIENT)
    listener = Acknowledging(connection)
    connection.set_listener("", listener)
    connection.connect(where.user, where.password.get_secret_value(), wait=True, headers={"client-id": client_id})
    stack.callback(connection.disconnect)
    return connection, listener


def over_mqtt(lab: Standing, broker: str, client_id: str, topic: str, qos: int, stack: ExitStack) -> list[bytes]:
    where, bodies, answered = lab.endpoint(broker, "mqtt", client_id=client_id), list[bytes](), list[int]()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv311)
    client.username_pw_set(where.user, where.password.get_secret_value())
    client.tls_set(ca_certs=str(where.ca_file))
    client.on_message = lambda client, data, message: bodies.append(message.payload)
    client.on_subscribe = lambda client, data, mid, codes, properties: answered.append(mid)
    connected = list[object]()
    client.on_connect = lambda client, data, flags, code, properties: connected.append(code)
    client.connect(where.host, where.port)
    client.loop_start()
    stack.callback(client.loop_stop)
    stack.callback(client.disconnect)
    assert eventually(lambda: bool(connected), 20)  # before that, a broker would drop it for subscribing
    client.subscribe(topic, qos)
    assert eventually(lambda: bool(answered), 20)
    return bodies


def events(recorder: MemoryRecorder, **fields: object) -> list[MessageSeen]:
    return [
        seen
        for seen in recorder.observations
        if isinstance(seen, MessageSeen) and all(getattr(seen, name) == field for name, field in fields.items())
    ]


def seen_in_time(find: Callable[[], list[MessageSeen]]) -> list[MessageSeen]:
    assert eventually(lambda: bool(find()), 20)
    return find()


def test_an_application_beyond_the_bridge_acknowledges_a_message_with_one_id_everywhere(
    lab: Standing, recorder: MemoryRecorder
) -> None:
    with ExitStack() as stack:
        billing, heard = over_stomp(lab, "dublin", "billing", stack)
        billing.subscribe("/queue/orders", id="1", ack="client-individual")
        shop, _ = over_stomp(lab, "ashburn", "shop", stack)
        shop.send("/queue/orders", "one tea", headers={"persistent": "true", "correlation-id": "order-7"})
        (acknowledged,) = seen_in_time(lambda: events(recorder, event="acknowledged", client_id="billing"))
        assert heard.bodies == ["one tea"]
    assert not acknowledged.automatic
    # Each broker is read by itself, so the events of the other one may come a moment later.
    (sent,) = seen_in_time(lambda: events(recorder, event="sent", client_id="shop"))
    seen_in_time(lambda: events(recorder, event="acknowledged", broker="ashburn", network=True))
    assert sent.message == acknowledged.message and sent.bytes == len("one tea") and sent.persistent
    way = trace(recorder.observations, "order-7")
    assert way.outcome == "acknowledged by billing at dublin"
    assert [row.actor for row in way.rows if row.until is None and "the bridge" not in row.text] == [
        "ashburn",
        "dublin",
        "dublin",
    ]


@pytest.mark.parametrize(("qos", "automatic"), [(0, True), (1, False), (2, False)])
def test_only_mqtts_qos_0_is_acknowledged_by_the_broker_itself(
    lab: Standing, recorder: MemoryRecorder, qos: int, automatic: bool
) -> None:
    with ExitStack() as stack:
        bodies = over_mqtt(lab, "ashburn", f"screen-{qos}", f"prices/q{qos}", qos, stack)
        shop, _ = over_stomp(lab, "ashburn", "shop", stack)
        shop.send(f"/topic/prices.q{qos}", "3.20")
        (acknowledged,) = seen_in_time(lambda: events(recorder, event="acknowledged", client_id=f"screen-{qos}"))
        assert eventually(lambda: bodies == [b"3.20"], 20)
    assert acknowledged.automatic is automatic


@pytest.mark.parametrize(("ack", "automatic"), [("auto", True), ("client", False), ("client-individual", False)])
def test_only_stomps_auto_is_acknowledged_by_the_broker_itself(
    lab: Standing, recorder: MemoryRecorder, ack: str, automatic: bool
) -> None:
    with ExitStack() as stack:
        reader, heard = over_stomp(lab, "ashburn", f"reader-{ack}", stack)
        reader.subscribe(f"/queue/orders.{ack}", id="1", ack=ack)
        for number in range(3):
            reader.send(f"/queue/orders.{ack}", str(number))
        assert eventually(lambda: len(events(recorder, event="acknowledged", client_id=f"reader-{ack}")) == 3, 20)
        assert eventually(lambda: heard.bodies == ["0", "1", "2"], 20), (
            "the broker acknowledges before the client reads"
        )
    assert {seen.automatic for seen in events(recorder, event="acknowledged", client_id=f"reader-{ack}")} == {automatic}


def test_what_is_not_observed_is_not_recorded(lab: Standing, recorder: MemoryRecorder) -> None:
    with ExitStack() as stack:
        shop, _ = over_stomp(lab, "ashburn", "shop", stack)
        shop.send("/queue/private", "a secret")
        shop.send("/queue/orders.last", "the last")
        seen_in_time(lambda: events(recorder, destination="queue://orders.last"))
    assert not events(recorder, destination="queue://private")
    assert "a secret" not in repr(recorder.observations)
    assert not [each for each in recorder.observations if isinstance(each, ObserverChanged) and each.state == "lost"]


@pytest.mark.release
def test_a_paused_broker_is_silent_until_it_goes_on_and_a_stopped_one_has_lost_nothing(
    lab: Standing, recorder: MemoryRecorder
) -> None:
    def states(broker: str) -> list[str]:
        return [
            each.state
            for each in recorder.observations
            if isinstance(each, ObserverChanged) and each.broker == broker and each.state != "ended"
        ]

    lab.lab.instances.pause("dublin")
    assert eventually(lambda: states("dublin")[-1:] == ["silent"], 20)
    lab.lab.instances.resume("dublin")
    assert eventually(lambda: states("dublin")[-1:] == ["answering"], 20)
    assert "silent" not in states("ashburn")
    with ExitStack() as stack:
        shop, _ = over_stomp(lab, "dublin", "shop", stack)
        shop.send("/queue/orders.last", "the last")
        seen_in_time(lambda: events(recorder, destination="queue://orders.last", event="sent"))
    before = len(states("dublin"))
    lab.lab.instances.stop("dublin", within=60)
    lab.lab.instances.start("dublin")
    assert eventually(lambda: "began" in states("dublin")[before:], 60)
    assert "lost" not in states("dublin")

"""Every client against a real broker: what it accepts, what it refuses, and what becomes of sends when it dies.

Fixtures: `endpoint` gives the Endpoint of a protocol at a broker that runs; `kill_broker` kills that broker at once.
"""

from __future__ import annotations

import datetime
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from lab.activemq.matching import HEADER
from lab.clients import PROTOCOLS, connect
from lab.clients.base import MOST_IN_FLIGHT
from lab.errors import BrokerError, LabError
from lab.history import SendOutcome
from lab.runtime.client import Client, Endpoint
from lab.runtime.messages import Destination, Terms
from tests.clients.hearing import BODY, Heard, message

pytestmark = pytest.mark.docker
Endpoints = Callable[[str], Endpoint]


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def to() -> Destination:
    return Destination(kind="topic", name=f"MQ Test.{uuid4()}.x y")


@pytest.fixture
def opened(endpoint: Endpoints, protocol: str) -> Iterator[Callable[[str], tuple[Client, Heard]]]:
    clients = []

    def open_one(name: str) -> tuple[Client, Heard]:
        heard = Heard()
        client = connect(protocol, replace(endpoint(protocol), client_id=f"{name}-{uuid4()}"), heard)
        clients.append(client)
        return client, heard

    yield open_one
    for client in clients:
        client.close()


Opened = Callable[[str], tuple[Client, Heard]]


@pytest.mark.parametrize("protocol", ["stomp-wss"])
def test_in_a_web_socket_stomp_carries_text_alone(opened: Opened, to: Destination) -> None:
    client, heard = opened("both")
    client.subscribe(Terms(destination=to))
    client.publish(message(1, to)._replace(body=b"\xff\xfe"))
    client.publish(message(2, to))
    heard.until(lambda: len(heard.outcomes) == 2 and len(heard.messages) == 1)
    assert heard.outcomes["1-1"] == (
        SendOutcome.FAILED,
        "not sent: the body is not UTF-8, and STOMP in a WebSocket is text",
    )
    assert heard.messages[0].body == BODY


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_is_sent_is_accepted_and_received_unaltered(opened: Opened, to: Destination, qos: int) -> None:
    hearing, heard = opened("hears")
    own = Destination(kind="topic", name=to.name.rpartition(".")[0] + ".>")
    hearing.subscribe(Terms(destination=own, qos=qos))
    saying, said = opened("says")
    count = 2 * MOST_IN_FLIGHT + 50  # more than may be in flight
    for number in range(1, count + 1):
        saying.publish(message(number, to, qos=qos))
    said.until(lambda: len(said.outcomes) == count)
    heard.until(lambda: len(heard.messages) == count)
    assert {outcome for outcome, _ in said.outcomes.values()} == {SendOutcome.OK}
    assert {(each.destination, each.body) for each in heard.messages} == {(own, BODY)}
    assert not (said.errors or heard.errors)


def test_a_header_comes_through_where_there_are_headers(opened: Opened, to: Destination, protocol: str) -> None:
    client, heard = opened("both")
    client.subscribe(Terms(destination=to))
    client.publish(message(1, to))
    heard.until(lambda: len(heard.messages) == 1)
    assert heard.messages[0].headers.get(HEADER) == (None if protocol.startswith("mqtt") else "run:1/1-1")


def test_a_queue_gives_each_message_to_one(opened: Opened, protocol: str) -> None:
    to = Destination(kind="queue", name=f"orders.{uuid4()}")
    client, heard = opened("both")
    if protocol.startswith("mqtt"):
        with pytest.raises(LabError, match="MQTT has no queues"):
            client.subscribe(Terms(destination=to))
        return
    other, also = opened("other")
    client.subscribe(Terms(destination=to))
    other.subscribe(Terms(destination=to))
    for number in range(1, 11):
        client.publish(message(number, to))
    heard.until(lambda: len(heard.outcomes) == 10)
    heard.until(lambda: len(heard.messages) + len(also.messages) == 10)


def test_after_unsubscribing_nothing_comes(opened: Opened, to: Destination) -> None:
    client, heard = opened("both")
    later = Destination(kind="topic", name=f"{to.name}.later")
    client.subscribe(Terms(destination=to))
    client.unsubscribe(to)
    client.subscribe(Terms(destination=later))
    client.publish(message(1, to))
    client.publish(message(2, later))
    heard.until(lambda: len(heard.messages) == 1)
    assert heard.messages[0].destination == later


@pytest.mark.parametrize("protocol", ["mqtt"])  # a scenario retains over MQTT only
def test_a_retained_message_is_told_apart(opened: Opened, to: Destination) -> None:
    saying, said = opened("says")
    saying.publish(message(1, to, retained=True))
    said.until(lambda: len(said.outcomes) == 1)
    hearing, heard = opened("hears")
    hearing.subscribe(Terms(destination=to))
    heard.until(lambda: len(heard.messages) == 1)
    assert heard.messages[0].retained


def refusal(protocol: str, endpoint: Endpoint) -> str:
    heard = Heard()
    with pytest.raises(BrokerError) as caught:
        connect(protocol, endpoint, heard)
    assert not heard.ends
    return str(caught.value)


def test_a_wrong_password_is_refused_and_not_told(endpoint: Endpoints, protocol: str) -> None:
    words = refusal(protocol, replace(endpoint(protocol), password=SecretStr("correct-horse-42")))
    assert "password" in words
    assert "correct-horse-42" not in words


def test_a_broker_of_another_ca_is_not_trusted(endpoint: Endpoints, protocol: str, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=2099))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    other = tmp_path / "other.pem"
    other.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    assert "is not trusted" in refusal(protocol, replace(endpoint(protocol), ca_file=other))


def test_a_certificate_of_another_host_is_not_trusted(endpoint: Endpoints, protocol: str) -> None:
    # 0.0.0.0 leads to this machine too, and no certificate of the lab names it
    assert "not valid for '0.0.0.0'" in refusal(protocol, replace(endpoint(protocol), host="0.0.0.0"))


def test_an_unknown_host_is_named(endpoint: Endpoints, protocol: str) -> None:
    assert "no such host" in refusal(protocol, replace(endpoint(protocol), host="nowhere.invalid"))


def test_a_port_where_nothing_listens_is_named(endpoint: Endpoints, protocol: str) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))  # taken, so that nobody else can listen there meanwhile
        port = bound.getsockname()[1]
        assert "nothing listens there" in refusal(protocol, replace(endpoint(protocol), port=port))


def test_a_ca_file_that_is_not_there_is_named(endpoint: Endpoints, protocol: str, tmp_path: Path) -> None:
    assert "cannot read the CA file" in refusal(protocol, replace(endpoint(protocol), ca_file=tmp_path / "gone.pem"))


@pytest.mark.release
def test_a_broker_killed_half_way_leaves_every_send_with_one_outcome(
    endpoint: Endpoints, to: Destination, kill_broker: Callable[[], None]
) -> None:
    def opened(over: str, name: str) -> tuple[Client, Heard]:
        heard = Heard()
        return connect(over, replace(endpoint(over), client_id=f"{name}-{uuid4()}"), heard), heard

    hearing = {over: opened(over, "hears") for over in PROTOCOLS}
    saying = {over: opened(over, "says") for over in PROTOCOLS}
    for client, _ in hearing.values():
        client.subscribe(Terms(destination=to))
    for number in range(1, 101):
        for client, _ in saying.values():
            client.publish(message(number, to))
        if number == 50:
            for _, said in saying.values():
                said.until(lambda said=said: len(said.outcomes) >= 1)  # type: ignore[misc]
            kill_broker()
    for over, (client, said) in saying.items():
        said.until(lambda said=said: len(said.outcomes) == 100 and bool(said.ends))  # type: ignore[misc]
        client.publish(message(101, to))
        client.close()
        assert said.outcomes["1-1"][0] is SendOutcome.OK, over
        late = {said.outcomes[f"1-{number}"][0] for number in range(51, 101)}
        assert late <= {SendOutcome.UNKNOWN, SendOutcome.FAILED}, over
        assert said.outcomes["1-101"] == (SendOutcome.FAILED, f"not sent: {said.ends[0]}"), over
        assert len(said.ends) == 1 and not said.errors, over
    for over, (client, heard) in hearing.items():
        heard.until(lambda heard=heard: bool(heard.ends))  # type: ignore[misc]
        client.close()
        assert len(heard.ends) == 1 and not heard.errors, over

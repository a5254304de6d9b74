"""A broker that hangs up before it has answered is asked again, and what it says then counts."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from lab.clients import connect
from lab.clients.refusals import HungUp
from lab.errors import BrokerError
from lab.runtime.client import Endpoint
from tests.clients.answering import answering
from tests.clients.hearing import Heard

_STOMP = b"ERROR\nmessage:User name [u] or password is invalid.\n\n\0"
_MQTT = b"\x20\x02\x00\x05"
# AMQP's: its own header, the mechanisms, PLAIN alone; then the outcome of the login, and what follows if it is OK.
_AMQP = b"AMQP\x03\x01\x00\x00" + bytes.fromhex("0000001502010000005340c00801a305") + b"PLAIN"
_AUTH, _OK = bytes.fromhex("0000001002010000005344c003015001"), bytes.fromhex("0000001002010000005344c003015000")
_OPEN = b"AMQP\x00\x01\x00\x00" + bytes.fromhex("0000001602000000005310c00901a106") + b"broker"
LOGGED_IN = _AMQP + _OK
REFUSALS = {
    "stomp": _STOMP,
    "mqtt": _MQTT,
    "amqp": _AMQP + _AUTH,
    "stomp-wss": b"\x81%c%b" % (len(_STOMP), _STOMP),  # a text message of a WebSocket, and a binary one
    "mqtt-wss": b"\x82%c%b" % (len(_MQTT), _MQTT),
}


class Broker:
    """It hangs up on so many, having read what they say or not, and says its words to everybody else."""

    def __init__(self, over: str, words: bytes, hangs_up_on: int, *, reads: bool = True) -> None:
        self.over, self.words, self.hangs_up_on, self.reads, self.calls = over, words, hangs_up_on, reads, 0

    def __call__(self, stream: ssl.SSLSocket) -> None:
        self.calls += 1
        hangs_up = self.calls <= self.hangs_up_on
        if self.over.endswith("-wss"):
            shake_hands(stream)
        if self.reads or not hangs_up:
            stream.recv(4096)
        if not hangs_up:
            stream.sendall(self.words)
            while stream.recv(4096):
                pass


def shake_hands(stream: ssl.SSLSocket) -> None:
    """Answer as RFC 6455, 4.2.2, has it."""
    asked = stream.recv(4096).decode()
    (key,) = re.findall(r"Sec-WebSocket-Key: (\S+)", asked)
    (protocol,) = re.findall(r"Sec-WebSocket-Protocol: (\S+)", asked)
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    stream.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
    )


def endpoint(port: int, certificate: tuple[Path, Path], within: float = 10.0) -> Endpoint:
    return Endpoint(
        host="localhost",
        port=port,
        ca_file=certificate[0],
        user="u",
        password=SecretStr("p"),
        client_id="c",
        within=within,
    )


@pytest.mark.parametrize("over", REFUSALS)
@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("times", [0, 1, 2])
def test_whoever_asks_again_is_told(over: str, reads: bool, times: int, certificate: tuple[Path, Path]) -> None:
    broker, heard = Broker(over, REFUSALS[over], times, reads=reads), Heard()
    with answering(certificate, broker) as port, pytest.raises(BrokerError) as raised:
        connect(over, endpoint(port, certificate), heard)
    assert raised.value.how == "not-authorised", raised.value
    assert broker.calls == times + 1
    assert (heard.ends, heard.errors) == ([], [])


@pytest.mark.parametrize("over", REFUSALS)
@pytest.mark.parametrize("reads", [True, False])
def test_one_that_never_answers_is_asked_three_times(over: str, reads: bool, certificate: tuple[Path, Path]) -> None:
    broker, heard = Broker(over, b"", 1000, reads=reads), Heard()
    says = "connection was lost|connection aborted"
    with answering(certificate, broker) as port, pytest.raises(HungUp, match=says) as raised:
        connect(over, endpoint(port, certificate), heard)
    assert raised.value.how == "failed"
    assert broker.calls == 3
    assert (heard.ends, heard.errors) == ([], [])


def test_one_that_hangs_up_and_then_is_silent_has_hung_up(certificate: tuple[Path, Path]) -> None:
    """For what is left of the time is no measure of its silence."""
    broker = Broker("mqtt", b"", 1)
    with answering(certificate, broker) as port, pytest.raises(HungUp):
        connect("mqtt", endpoint(port, certificate, within=3.0), Heard())
    assert broker.calls == 2


def test_a_refusal_by_the_end_of_amqps_connection_is_an_answer(certificate: tuple[Path, Path]) -> None:
    closed = bytes.fromhex("0000000c02000000") + b"\x00S\x18\x45"
    broker, heard = Broker("amqp", LOGGED_IN + _OPEN + closed, 0), Heard()
    with answering(certificate, broker) as port, pytest.raises(BrokerError) as raised:
        connect("amqp", endpoint(port, certificate), heard)
    assert (broker.calls, isinstance(raised.value, HungUp)) == (1, False)
    assert (heard.ends, heard.errors) == ([], [])

"""A broker that hangs up before it has answered is asked again, and what it says then counts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from lab.clients import Endpoint, connect
from lab.clients.base import HungUp
from lab.errors import BrokerError
from tests.clients.answering import answering
from tests.clients.hearing import Heard

REFUSALS = {
    "stomp": b"ERROR\nmessage:User name [u] or password is invalid.\n\n\0",
    "mqtt": b"\x20\x02\x00\x05",
    "amqp": b"AMQP\x03\x01\x00\x00"
    # The mechanisms, PLAIN alone; then the outcome, AUTH.
    + bytes.fromhex("0000001502010000005340c00801a305") + b"PLAIN"
    + bytes.fromhex("0000001002010000005344c003015001"),
}  # fmt: skip


class Broker:
    """It hangs up on so many, and refuses everybody else."""

    def __init__(self, over: str, hangs_up_on: int) -> None:
        self.over, self.hangs_up_on, self.calls = over, hangs_up_on, 0

    def __call__(self, stream: ssl.SSLSocket) -> None:
        self.calls += 1
        refuses = self.calls > self.hangs_up_on
        stream.recv(4096)
        if refuses:
            stream.sendall(REFUSALS[self.over])
            while stream.recv(4096):
                pass


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
@pytest.mark.parametrize("times", [0, 1, 2])
def test_whoever_asks_again_is_told(over: str, times: int, certificate: tuple[Path, Path]) -> None:
    broker, heard = Broker(over, times), Heard()
    with answering(certificate, broker) as port, pytest.raises(BrokerError) as raised:
        connect(over, endpoint(port, certificate), heard)
    assert raised.value.how == "not-authorised", raised.value
    assert broker.calls == times + 1
    assert (heard.ends, heard.errors) == ([], [])


@pytest.mark.parametrize("over", REFUSALS)
def test_one_that_never_answers_is_asked_three_times(over: str, certificate: tuple[Path, Path]) -> None:
    broker, heard = Broker(over, 1000), Heard()
    says = "connection was lost|connection aborted"
    with answering(certificate, broker) as port, pytest.raises(HungUp, match=says) as raised:
        connect(over, endpoint(port, certificate), heard)
    assert raised.value.how == "failed"
    assert broker.calls == 3
    assert (heard.ends, heard.errors) == ([], [])

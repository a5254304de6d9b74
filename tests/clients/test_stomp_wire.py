"""A STOMP connection may be ended by several threads at once: its own loop, the heartbeats' and whoever uses it."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stomp
from pydantic import SecretStr
from stomp.listener import HeartbeatListener

from lab.clients.stomp_wire import Connection
from lab.runtime.client import Endpoint
from tests.clients.answering import answering

WITHIN = 10.0
ROUNDS = 25


class Ends(stomp.ConnectionListener):
    def __init__(self) -> None:
        self.welcome, self.over = threading.Event(), threading.Event()
        self.told: list[str] = []
        self.came = threading.Semaphore(0)
        self.bodies: list[bytes] = []

    def on_connected(self, frame: Any) -> None:
        self.welcome.set()

    def on_message(self, frame: Any) -> None:
        self.bodies.append(frame.body)
        self.came.release()

    def on_disconnected(self) -> None:
        self.told.append("lost")
        self.over.set()

    def on_heartbeat_timeout(self) -> None:
        self.told.append("silent")


@pytest.fixture
def broker(certificate: tuple[Path, Path]) -> Iterator[int]:
    """Welcome whoever comes, and answer nothing more: enough of a STOMP broker for ends that race."""

    def welcome(stream: ssl.SSLSocket) -> None:
        stream.recv(4096)
        stream.sendall(b"CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0")
        while stream.recv(4096):
            pass

    with answering(certificate, welcome) as port:
        yield port


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns after every few instructions, so that a race is lost soon."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def connected(broker: int, certificate: tuple[Path, Path]) -> tuple[Connection, Ends]:
    endpoint = Endpoint(
        host="localhost", port=broker, ca_file=certificate[0], user="u", password=SecretStr("p"), client_id="c"
    )
    wire, ends = Connection(endpoint, (0, 10_000)), Ends()
    wire.set_listener("ends", ends)
    wire.open()
    wire.connect("somebody", "secret", with_connect_command=True)
    assert ends.welcome.wait(WITHIN)
    return wire, ends


@pytest.mark.usefixtures("restless")
def test_every_thread_may_end_the_connection(broker: int, certificate: tuple[Path, Path]) -> None:
    failed: list[BaseException] = []
    for _ in range(ROUNDS):
        wire, ends = connected(broker, certificate)
        together = threading.Barrier(6)

        def end(by: Any, together: threading.Barrier = together) -> None:
            together.wait(WITHIN)
            try:
                by()
            except BaseException as error:  # noqa: BLE001 (the thread's own end is what is looked at)
                failed.append(error)

        # What stomp.py's thread of heartbeats does when they stay away, beside what a client does that closes.
        ways = [wire.transport.disconnect_socket] * 4 + [wire.hang_up] * 2
        threads = [threading.Thread(target=end, args=(way,)) for way in ways]
        for each in threads:
            each.start()
        for each in threads:
            each.join(WITHIN)
        assert not failed
        assert ends.over.wait(WITHIN), "the loop did not end"
        assert not wire.is_connected()
        assert ends.told.count("lost") == 1


def test_a_broker_may_be_silent_for_almost_two_periods(broker: int, certificate: tuple[Path, Path]) -> None:
    """ActiveMQ beats where it has sent nothing since it looked last, which it does once a period."""
    wire, _ = connected(broker, certificate)
    (listening,) = (each for each in wire.transport.listeners.values() if isinstance(each, HeartbeatListener))
    assert listening.heart_beat_receive_scale > 2
    wire.hang_up()


@pytest.mark.parametrize("beats", [b"\n", b"\n\n", b"\n\n\n"])
def test_heartbeats_read_together_swallow_no_frame(certificate: tuple[Path, Path], beats: bytes) -> None:
    body = b"a\n\n\n\0b"
    message = b"MESSAGE\nmessage-id:1\nsubscription:1\ndestination:/queue/q\ncontent-length:6\n\n" + body + b"\0"

    ways = [[beats + message], [beats, message], [bytes([octet]) for octet in beats + message]]

    def tell(stream: ssl.SSLSocket) -> None:
        stream.recv(4096)
        stream.sendall(b"CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0")
        for parts in ways:
            stream.recv(4096)  # whoever listens has read all there was
            for part in parts:
                stream.sendall(part)
        stream.recv(4096)

    with answering(certificate, tell) as port:
        wire, ends = connected(port, certificate)
        for number, _ in enumerate(ways, start=1):
            wire.send("/queue/q", "go on")
            assert ends.came.acquire(timeout=WITHIN), f"message {number} did not come"
        assert ends.bodies == [body] * len(ways)
        wire.hang_up()


def test_heartbeats_that_stay_away_are_the_reason_told(broker: int, certificate: tuple[Path, Path]) -> None:
    wire, ends = connected(broker, certificate)
    wire.transport.disconnect_socket()  # as stomp.py's thread of heartbeats does
    assert ends.over.wait(WITHIN)
    assert ends.told == ["silent", "lost"]

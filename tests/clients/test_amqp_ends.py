"""What becomes of sends whose link a broker ends: refused at once, or later, when some may have been taken."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import proton
import pytest
from proton import Event

from lab.clients import connect
from lab.history import SendOutcome
from lab.runtime.messages import Destination
from tests.clients.answering import answering
from tests.clients.hearing import Heard, message
from tests.clients.test_hanging_up import LOGGED_IN, endpoint

QUEUE = Destination(kind="queue", name="orders")
WHY = "the queue is gone"


class Broker:
    """It takes links as they are asked for, or gives them no target; a link that gets its last message ends."""

    def __init__(self, *, takes: bool, last: int) -> None:
        self.takes, self.last, self.got = takes, last, 0

    def __call__(self, stream: ssl.SSLSocket) -> None:
        stream.sendall(LOGGED_IN)
        read = b""
        while b"AMQP\x00" not in read:
            read += stream.recv(4096)
        connection, collector = proton.Connection(), proton.Collector()
        transport = proton.Transport(proton.Transport.SERVER)
        connection.collect(collector)
        transport.bind(connection)
        self._say(transport, stream)
        transport.push(read[read.index(b"AMQP\x00") :])
        while True:
            while (event := collector.peek()) is not None:
                self._hear(event)
                collector.pop()
            self._say(transport, stream)
            octets = stream.recv(4096)
            if not octets:
                return
            transport.push(octets)

    def _hear(self, event: Any) -> None:
        if event.type == Event.CONNECTION_REMOTE_OPEN:
            event.connection.open()
        elif event.type == Event.SESSION_REMOTE_OPEN:
            event.session.open()
        elif event.type == Event.LINK_REMOTE_OPEN:
            link = event.link
            if self.takes:
                link.target.address = link.remote_target.address
            link.open()
            link.flow(10) if self.takes else self._end(link)
        elif event.type == Event.DELIVERY:
            self.got += 1
            event.link.advance()
            if self.got == self.last:
                self._end(event.link)
        elif event.type == Event.CONNECTION_REMOTE_CLOSE:
            event.connection.close()

    def _end(self, link: Any) -> None:
        link.condition = proton.Condition("amqp:resource-deleted", WHY)
        link.close()

    def _say(self, transport: Any, stream: ssl.SSLSocket) -> None:
        while (pending := transport.pending()) > 0:
            octets = transport.peek(pending)
            stream.sendall(octets)
            transport.pop(len(octets))


@pytest.mark.parametrize(
    ("takes", "outcome", "note"),
    [(False, SendOutcome.FAILED, WHY), (True, SendOutcome.UNKNOWN, f"no acknowledgement came: {WHY}")],
)
def test_what_a_link_was_sent_before_it_ended_has_no_known_outcome(
    takes: bool, outcome: SendOutcome, note: str, certificate: tuple[Path, Path]
) -> None:
    heard = Heard()
    with answering(certificate, Broker(takes=takes, last=3)) as port:
        client = connect("amqp", endpoint(port, certificate), heard)
        for number in range(3):
            client.publish(message(number, QUEUE))
        heard.until(lambda: len(heard.outcomes) == 3)
        client.publish(message(3, QUEUE))
        heard.until(lambda: len(heard.outcomes) == 4)
        client.close()
    assert [heard.outcomes[f"1-{number}"] for number in range(3)] == [(outcome, note)] * 3
    assert heard.outcomes["1-3"] == (SendOutcome.FAILED, WHY), "nothing more is sent over it"
    assert (heard.ends, heard.errors) == ([], [])

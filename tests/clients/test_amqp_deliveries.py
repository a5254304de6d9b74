"""Two engines of proton, joined in memory: a message is taken from its link whole, and only once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import proton
import pytest
from proton import Event

from lab.clients.amqp_wire import take


class Side:
    """One end of a connection; it keeps its deliveries."""

    def __init__(self, *, server: bool) -> None:
        self.connection = proton.Connection()
        self.transport = proton.Transport(proton.Transport.SERVER if server else None)
        self.collector = proton.Collector()
        self.connection.collect(self.collector)
        self.links: list[Any] = []
        self.deliveries: list[Any] = []
        self.on_delivery: Callable[[Any], None] = self.deliveries.append
        self.transport.bind(self.connection)

    def dispatch(self) -> None:
        while (event := self.collector.peek()) is not None:
            if event.type == Event.CONNECTION_REMOTE_OPEN:
                self._open_too(event.connection)
            elif event.type == Event.SESSION_REMOTE_OPEN:
                self._open_too(event.session)
            elif event.type == Event.LINK_REMOTE_OPEN:
                self.links.append(event.link)
                self._open_too(event.link)
            elif event.type == Event.DELIVERY:
                self.on_delivery(event.delivery)
            self.collector.pop()

    def _open_too(self, end: Any) -> None:
        if end.state & proton.Endpoint.LOCAL_UNINIT:
            end.open()


class Pair:
    """Two ends, and a sending link from one to the other."""

    def __init__(self) -> None:
        self.near, self.far = Side(server=False), Side(server=True)
        self.near.connection.open()
        session = self.near.connection.session()
        session.open()
        self.sender = session.sender("orders")
        self.sender.open()
        self.carry()
        self.receiver = self.far.links[0]
        self.receiver.flow(1000)
        self.carry()

    def send(self, body: bytes) -> None:
        """Send a message, and carry its octets."""
        self.sender.delivery("one")
        self.sender.stream(body)
        self.sender.advance()
        self.carry()

    def carry(self) -> None:
        """Carry octets until nothing moves."""
        moved = True
        while moved:
            moved = False
            for one, other in ((self.near, self.far), (self.far, self.near)):
                while (size := one.transport.pending()) > 0:
                    size = min(size, 1000, other.transport.capacity())  # so that messages come in parts
                    octets = bytes(one.transport.peek(size) or b"")
                    other.transport.push(octets)
                    one.transport.pop(len(octets))
                    other.dispatch()
                    moved = True
                one.dispatch()


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_a_message_arrives_whole_and_only_once(pair: Pair, size: int) -> None:
    got = []

    def on_delivery(delivery: Any) -> None:
        octets = take(delivery.link, delivery)
        if octets is not None:
            assert isinstance(octets, bytes), "a body is a key elsewhere"
            got.append(octets)
            delivery.link.advance()
            assert take(delivery.link, delivery) is None

    pair.far.on_delivery = on_delivery
    for letter in (b"a", b"b"):
        pair.send(letter * size)
    assert got == [b"a" * size, b"b" * size]


def test_a_message_is_not_taken_again_though_another_one_waits(pair: Pair) -> None:
    link = pair.receiver
    for body in (b"one", b"two"):
        pair.send(body)
    one, two = pair.far.deliveries
    taken = [take(link, two), take(link, one), link.advance(), take(link, one)]
    assert [*taken, take(link, two)] == [None, b"one", True, None, b"two"]


def test_an_aborted_message_is_not_taken(pair: Pair) -> None:
    begun = pair.sender.delivery("half")
    pair.sender.stream(b"half an order")
    pair.carry()
    assert take(pair.receiver, pair.far.deliveries[0]) is None
    begun.abort()
    pair.send(b"whole")
    taken = [take(pair.receiver, delivery) for delivery in pair.far.deliveries[1:]]
    assert taken == [None, b"whole"]

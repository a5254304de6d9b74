"""Two engines of proton, joined in memory: what one sends with our calls, the other gets, and the other way round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import proton
import pytest
from proton import Event

from lab.clients import amqp_engine as engine


class Side:
    """One end of a connection; it keeps what it was told."""

    def __init__(self, *, server: bool) -> None:
        self.connection = proton.Connection()
        self.transport = proton.Transport(proton.Transport.SERVER if server else None)
        self.collector = proton.Collector()
        self.connection.collect(self.collector)
        self.links: list[Any] = []
        self.deliveries: list[Any] = []
        self.on_delivery: Callable[[Any], None] = self.deliveries.append
        wanted = (Event.CONNECTION_REMOTE_OPEN, Event.SESSION_REMOTE_OPEN, Event.LINK_REMOTE_OPEN)
        self.events = engine.Events(self.collector, wanted, self.open_too, lambda each: self.on_delivery(each))
        self.kinds: list[Any] = []
        self.transport.bind(self.connection)

    def open_too(self, event: Any) -> None:
        self.kinds.append(event.type)
        if event.type == Event.LINK_REMOTE_OPEN:
            self.links.append(event.link)
        end = {
            Event.CONNECTION_REMOTE_OPEN: event.connection,
            Event.SESSION_REMOTE_OPEN: event.session,
            Event.LINK_REMOTE_OPEN: event.link,
        }[event.type]
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
                    other.events.dispatch()
                    moved = True
                one.events.dispatch()


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, 300_000])
def test_a_message_arrives_whole_and_only_once(pair: Pair, size: int) -> None:
    inbox, got = engine.Inbox(), []

    def on_delivery(delivery: Any) -> None:
        octets = inbox.take(engine.link_of(delivery), delivery)
        if octets is not None:
            got.append(octets)
            engine.advance(engine.link_of(delivery))
            assert inbox.take(engine.link_of(delivery), delivery) is None

    pair.far.on_delivery = on_delivery
    for letter in (b"a", b"b"):
        engine.send(engine.pointer(pair.sender), engine.Tags().take(), letter * size)
        pair.carry()
    assert got == [b"a" * size, b"b" * size]


def test_what_was_taken_is_not_taken_again_though_more_is_there(pair: Pair) -> None:
    link, inbox = engine.pointer(pair.receiver), engine.Inbox()
    for body in (b"one", b"two"):
        engine.send(engine.pointer(pair.sender), engine.Tags().take(), body)
        pair.carry()
    one, two = pair.far.deliveries
    taken = [inbox.take(link, two), inbox.take(link, one), engine.advance(link), inbox.take(link, one)]
    assert [*taken, inbox.take(link, two)] == [None, b"one", True, None, b"two"]


@pytest.mark.parametrize(
    ("outcome", "known"),
    [(proton.Delivery.ACCEPTED, engine.ACCEPTED), *((each, each) for each in engine.DECLINED)],
)
def test_each_delivery_gets_its_own_answer(pair: Pair, outcome: Any, known: int) -> None:
    """Answers come in another order than the messages were sent in."""
    link, tags = engine.pointer(pair.sender), engine.Tags()
    sent = {engine.send(link, tags.take(), b"%d" % n): n for n in range(10)}
    pair.carry()
    for delivery in (engine.wrapped(each) for each in reversed(pair.far.deliveries[1::2])):
        delivery.update(outcome)
        delivery.settle()
    pair.carry()
    assert [sent[each] for each in pair.near.deliveries] == [9, 7, 5, 3, 1]
    assert {engine.answer(each) for each in pair.near.deliveries} == {known}
    assert all(engine.settled(each) for each in pair.near.deliveries)


def test_accepting_tells_the_sender_and_makes_room_for_the_next(pair: Pair) -> None:
    inbox = engine.Inbox()

    def on_delivery(delivery: Any) -> None:
        assert inbox.take(engine.link_of(delivery), delivery) is not None
        engine.accept(delivery)

    pair.far.on_delivery = on_delivery
    for _ in range(3):
        engine.send(engine.pointer(pair.sender), engine.Tags().take(), b"order")
        pair.carry()
    assert [engine.answer(each) for each in pair.near.deliveries] == [engine.ACCEPTED] * 3


def test_a_message_that_is_taken_back_is_none(pair: Pair) -> None:
    inbox = engine.Inbox()
    begun = pair.sender.delivery("half")
    pair.sender.stream(b"half an order")
    pair.carry()
    assert inbox.take(engine.pointer(pair.receiver), pair.far.deliveries[0]) is None
    begun.abort()
    engine.send(engine.pointer(pair.sender), engine.Tags().take(), b"whole")
    pair.carry()
    taken = [inbox.take(engine.pointer(pair.receiver), each) for each in pair.far.deliveries[1:]]
    assert taken == [None, b"whole"]


def test_only_what_was_wanted_is_told(pair: Pair) -> None:
    """Of credit, transports and our own doings the client needs no word."""
    wanted = {Event.CONNECTION_REMOTE_OPEN, Event.SESSION_REMOTE_OPEN, Event.LINK_REMOTE_OPEN}
    assert set(pair.near.kinds) == set(pair.far.kinds) == wanted
    assert not pair.near.collector.more()


def test_a_name_is_used_again_only_when_it_was_given_back() -> None:
    tags = engine.Tags()
    one, other = tags.take(), tags.take()
    assert bytes(engine.ffi.buffer(one[0].start, one[0].size)) != bytes(
        engine.ffi.buffer(other[0].start, other[0].size)
    )
    tags.give_back(one)
    assert tags.take() is one

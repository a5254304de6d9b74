"""A bare loop over proton: its engine and a TLS socket that blocks; one thread that says, one that hears."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import proton
from proton import Delivery, Event, Message

from lab.clients.amqp import PREFETCH_OF_A_TOPIC
from lab.runtime.client import Endpoint

WITHIN = 120.0
WINDOW = PREFETCH_OF_A_TOPIC  # messages that may come before they are acknowledged, as in a replay


def bare_amqp(endpoint: Endpoint, persistent: int, count: int, size: int) -> float:
    """Publish and receive as fast as proton does, and give messages per second."""
    ready, finished = threading.Event(), threading.Event()
    hearing = threading.Thread(target=_hear, args=(endpoint, count, ready, finished))
    hearing.start()
    assert ready.wait(WITHIN)
    took = say(endpoint, "topic://bench.bare", persistent=bool(persistent), count=count, size=size)
    said = time.perf_counter()
    assert finished.wait(WITHIN)
    took += time.perf_counter() - said
    hearing.join(WITHIN)
    return count / took


def _hear(endpoint: Endpoint, count: int, ready: threading.Event, finished: threading.Event) -> None:
    got, message = 0, Message()

    def on_event(event: Any) -> None:
        nonlocal got
        if event.type == Event.CONNECTION_REMOTE_OPEN:
            session = event.connection.session()
            session.open()
            receiver = session.receiver("hears")
            receiver.source.address = receiver.target.address = "topic://bench.bare"
            receiver.open()
            receiver.flow(WINDOW)
        elif event.type == Event.LINK_REMOTE_OPEN:
            ready.set()
        elif event.type == Event.DELIVERY and event.delivery.readable and not event.delivery.partial:
            delivery = message.recv(event.link)
            assert delivery is not None
            delivery.update(Delivery.ACCEPTED)
            delivery.settle()
            got += 1
            if got % (WINDOW // 2) == 0:
                event.link.flow(WINDOW // 2)

    _loop(endpoint, "bare-hears", on_event, lambda: got == count)
    finished.set()


def say(endpoint: Endpoint, address: str, *, persistent: bool, count: int, size: int) -> float:
    """Publish as fast as proton does, and give the seconds from the first message to the last acknowledgement."""
    sent = accepted = 0
    start = 0.0
    body = b"." * size

    def send(sender: Any) -> None:
        nonlocal sent
        while sender.credit > 0 and sent < count:
            sent += 1
            out: Any = Message(body=body, inferred=True, durable=persistent)
            sender.send(out, tag=str(sent))

    def on_event(event: Any) -> None:
        nonlocal accepted, start
        if event.type == Event.CONNECTION_REMOTE_OPEN:
            session = event.connection.session()
            session.open()
            sender = session.sender("says")
            sender.source.address = sender.target.address = address
            sender.open()
        elif event.type == Event.LINK_FLOW:
            start = start or time.perf_counter()
            send(event.link)
        elif event.type == Event.DELIVERY and event.delivery.updated:
            accepted += event.delivery.remote_state == Delivery.ACCEPTED
            event.delivery.settle()
            send(event.link)

    _loop(endpoint, "bare-says", on_event, lambda: accepted == count)
    return time.perf_counter() - start


def _loop(endpoint: Endpoint, name: str, on_event: Callable[[Any], None], done: Callable[[], bool]) -> None:
    connection, transport, events = proton.Connection(), proton.Transport(), proton.Collector()
    connection.container = f"{name}-{uuid4()}"  # the broker may not have noticed yet that an earlier one hung up
    connection.hostname, connection.user = endpoint.host, endpoint.user
    connection.password = endpoint.password.get_secret_value()
    connection.collect(events)
    sasl = transport.sasl()
    sasl.allow_insecure_mechs = True
    sasl.allowed_mechs("PLAIN")
    transport.bind(connection)
    connection.open()
    with (
        socket.create_connection((endpoint.host, endpoint.port), WITHIN) as plain,
        endpoint.tls().wrap_socket(plain, server_hostname=endpoint.host) as stream,
    ):
        while not done():
            while (event := events.peek()) is not None:
                on_event(event)
                events.pop()
            while (size := transport.pending()) > 0:
                octets = transport.peek(size) or b""
                stream.sendall(octets)
                transport.pop(len(octets))
            if not done():
                transport.push(stream.recv(max(1, transport.capacity())))

"""A STOMP 1.2 client over TLS; this file and stomp_wire.py alone use stomp.py."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import stomp
from stomp.exception import NotConnectedException

from lab.clients.base import CLOSE_WITHIN, BaseClient, Browsing, guarded
from lab.clients.destination_names import TEMPORARY, stomp_destination
from lab.clients.sockets import connecting
from lab.clients.stomp_session import NO_TEXT, StompSession, is_text, of_durable, of_message, of_subscription
from lab.clients.stomp_wire import Connection
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.messages import Destination, Look, Outgoing, Terms

# The broker beats each 10 s. The client does not: a late beat of its own must not end the connection.
_HEARTBEATS = (0, 10_000)  # milliseconds: the client's, the broker's


class StompClient(BaseClient, stomp.ConnectionListener):  # type: ignore[misc]
    """One STOMP connection; it never reconnects by itself."""

    def __init__(self, endpoint: Endpoint, events: ClientEvents, *, web_socket: bool = False) -> None:
        protocol = "STOMP in a WebSocket" if web_socket else "STOMP"
        super().__init__(endpoint, events, protocol)
        self._text_only = web_socket  # ActiveMQ accepts no binary messages there
        self._ended = threading.Event()
        self._session = StompSession(
            self._where, events, self._answers, self._in_flight, self._gone, now=time.time, typed=True
        )
        self._count = 0
        self._wire = Connection(endpoint, _HEARTBEATS, web_socket=web_socket)
        self._wire.set_listener("mqlab", self)
        with connecting(endpoint, protocol):
            self._wire.open()
        self._log_in(endpoint, partial(self._send_login, endpoint))

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; STOMP ignores `qos`."""
        self._count += 1
        name = f"subscription-{self._count}"
        self._session.subscriptions[name] = terms
        headers = {**of_subscription(terms), "receipt": name}
        where = stomp_destination(terms.destination)
        self._request(name, lambda: self._wire.subscribe(where, name, ack=terms.ack, headers=headers))
        self._answers.wait(name, f"{self._where}: subscribe to {terms.destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription: its consumer, then a durable subscription itself."""
        name, terms = next(
            (name, own) for name, own in self._session.subscriptions.items() if own.destination == destination
        )
        receipt = f"end-of-{name}"
        self._request(receipt, lambda: self._wire.unsubscribe(name, receipt=receipt))
        self._answers.wait(receipt, f"{self._where}: unsubscribe from {destination}")
        del self._session.subscriptions[name]
        if terms.durable:
            forget = {**of_durable(terms), "receipt": f"all-of-{name}"}
            self._request(f"all-of-{name}", lambda: self._wire.unsubscribe(name, headers=forget))
            self._answers.wait(f"all-of-{name}", f"{self._where}: end the durable subscription to {destination}")

    def browse(self, queue: Destination, within: float) -> Look:
        """Return what the broker shows of a queue, up to its word that this was all."""
        self._count += 1
        name = f"browser-{self._count}"
        browsing = self._session.browsers[name] = Browsing(queue, threading.Event())
        headers = {"browser": "true", "receipt": name}
        self._request(name, lambda: self._wire.subscribe(stomp_destination(queue), name, ack="auto", headers=headers))
        self._answers.wait(name, f"{self._where}: browse {queue}")
        look = browsing.look(within)
        receipt = f"end-of-{name}"
        self._request(receipt, lambda: self._wire.unsubscribe(name, receipt=receipt))
        self._answers.wait(receipt, f"{self._where}: end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address of a temporary queue of this connection, to which it is subscribed."""
        self._count += 1
        name, where = f"temporary-{self._count}", f"/temp-queue/mqlab-{self._count}"
        self._session.subscriptions[name] = Terms(destination=Destination(kind=TEMPORARY, name=f"mqlab-{self._count}"))
        self._request(name, lambda: self._wire.subscribe(where, name, ack="auto", headers={"receipt": name}))
        self._answers.wait(name, f"{self._where}: subscribe to a temporary queue")
        return where

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages, all at once, and return the broker's answer to each."""
        receipts = []
        for token in tokens:
            self._count += 1
            receipts.append(f"ack-{self._count}")
            self._request(receipts[-1], partial(self._wire.ack, token, receipt=receipts[-1]))
        return [self._session.answer(receipt) for receipt in receipts]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome is ok with the broker's RECEIPT."""
        if not self._in_flight.enter(message.id, len(message.body)):
            return
        if self._text_only and not is_text(message.body):
            self._in_flight.settle(message.id, SendOutcome.FAILED, NO_TEXT)
            return
        headers = of_message(message, time.time())
        try:
            where = stomp_destination(message.destination)
            if message.text and is_text(message.body) and b"\0" not in message.body:
                self._wire.send_frame("SEND", {"destination": where, **headers}, message.body)  # without its length
            else:
                self._wire.send(where, message.body, headers=headers)
        except (NotConnectedException, OSError) as error:
            self._in_flight.settle(message.id, SendOutcome.FAILED, f"not sent: {error or 'the connection was lost'}")
        self._in_flight.await_room()

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self._closing = True
        self._in_flight.end("the client was closed")
        if self._wire.is_connected() and not self._ended.is_set():
            with contextlib.suppress(NotConnectedException, OSError):  # the connection ended by itself
                self._wire.send_disconnect()
                self._ended.wait(CLOSE_WITHIN)
        if not self._ended.is_set():
            self._wire.hang_up()
            self._ended.wait(CLOSE_WITHIN)

    @guarded
    def on_connected(self, frame: Any) -> None:
        """Record that the broker has accepted the login."""
        self._answers.give("connect")

    @guarded
    def on_receipt(self, frame: Any) -> None:
        """Take a receipt."""
        self._session.take_receipt(frame.headers["receipt-id"])

    @guarded
    def on_message(self, frame: Any) -> None:
        """Take a message."""
        self._session.take_message(frame.headers, frame.body or b"")

    @guarded
    def on_error(self, frame: Any) -> None:
        """Take a refusal."""
        self._session.take_error(frame.headers, frame.body)

    @guarded
    def on_heartbeat_timeout(self) -> None:
        """Record that the broker's heartbeats stay away."""
        self._gone("the broker fell silent")

    @guarded
    def on_disconnected(self) -> None:
        """Record that the connection has gone."""
        self._ended.set()
        self._gone("the connection was lost")

    def _request(self, receipt: str, send: Callable[[], None]) -> None:
        try:
            send()
        except (NotConnectedException, OSError):
            self._answers.give(receipt, "the connection was lost")

    def _gone(self, why: str) -> None:
        self._session.end_browsers()
        super()._gone(why)

    def _send_login(self, endpoint: Endpoint) -> None:
        with contextlib.suppress(NotConnectedException, OSError):  # it has hung up already: the wait raises that
            self._wire.connect(
                endpoint.user,
                endpoint.password.get_secret_value(),
                headers={"client-id": endpoint.client_id},
                with_connect_command=True,
            )

"""A STOMP 1.2 client, as `lab.clients.stomp` is one on stomp.py: its receipts, its heartbeats, its words."""

from __future__ import annotations

from collections.abc import Sequence

from lab.clients.base import Browsing
from lab.clients.destination_names import TEMPORARY, stomp_destination
from lab.clients.stomp_session import NO_TEXT, StompSession, is_text, of_durable, of_message, of_subscription
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Look, Outgoing, Terms
from lab.simulation.clients.base import Flag, SimulatedClient, Target
from lab.simulation.kernel import SECOND, Kernel, Timer, cancel
from lab.simulation.protocols.stomp_frames import StompFrame
from lab.simulation.tcp.fabric import Fabric

_BEATS = 10  # seconds between two of the broker's heartbeats; the client sends none
_PATIENCE = 3 * _BEATS  # seconds without anything from the broker: lab.clients.stomp_wire


class StompClient(SimulatedClient):
    """One STOMP connection; it never reconnects by itself."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        fabric: Fabric,
        target: Target,
        events: ClientEvents,
        *,
        web_socket: bool = False,
    ) -> None:
        self._count = 0
        self._tick: Timer | None = None
        super().__init__(kernel, clock, fabric, target, events, "STOMP", web_socket=web_socket)
        self._session = StompSession(
            self._where, events, self._answers, self._in_flight, self._gone, now=clock.now, typed=False
        )
        login = {"login": target.user, "passcode": target.password, "client-id": target.client_id}
        self._log_in(target, StompFrame("CONNECT", {**login, "heart-beat": f"0,{_BEATS * 1000}", "host": target.host}))
        self._tick = kernel.after(_PATIENCE * SECOND, self._look)

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; STOMP ignores `qos`."""
        self._count += 1
        name = f"subscription-{self._count}"
        self._session.subscriptions[name] = terms
        where = stomp_destination(terms.destination)
        self.send(
            StompFrame(
                "SUBSCRIBE",
                {"destination": where, "id": name, "ack": terms.ack, **of_subscription(terms), "receipt": name},
            )
        )
        self._answers.wait(name, f"{self._where}: subscribe to {terms.destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription: its consumer, then a durable subscription itself."""
        name, terms = next(
            (name, own) for name, own in self._session.subscriptions.items() if own.destination == destination
        )
        self._end(name, f"{self._where}: unsubscribe from {destination}")
        del self._session.subscriptions[name]
        if terms.durable:
            receipt = f"all-of-{name}"
            self.send(StompFrame("UNSUBSCRIBE", {"id": name, **of_durable(terms), "receipt": receipt}))
            self._answers.wait(receipt, f"{self._where}: end the durable subscription to {destination}")

    def browse(self, queue: Destination, within: float) -> Look:
        """Return what the broker shows of a queue, up to its word that this was all."""
        self._count += 1
        name = f"browser-{self._count}"
        browsing = self._session.browsers[name] = Browsing(queue, Flag(self.clock))
        where = stomp_destination(queue)
        asked = {"destination": where, "id": name, "ack": "auto", "browser": "true", "receipt": name}
        self.send(StompFrame("SUBSCRIBE", asked))
        self._answers.wait(name, f"{self._where}: browse {queue}")
        look = browsing.look(within)
        self._end(name, f"{self._where}: end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address of a temporary queue of this connection, to which it is subscribed."""
        self._count += 1
        name, where = f"temporary-{self._count}", f"/temp-queue/mqlab-{self._count}"
        self._session.subscriptions[name] = Terms(destination=Destination(kind=TEMPORARY, name=f"mqlab-{self._count}"))
        self.send(StompFrame("SUBSCRIBE", {"destination": where, "id": name, "ack": "auto", "receipt": name}))
        self._answers.wait(name, f"{self._where}: subscribe to a temporary queue")
        return where

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages, all at once, and return the broker's answer to each."""
        receipts = []
        for token in tokens:
            self._count += 1
            receipts.append(f"ack-{self._count}")
            self.send(StompFrame("ACK", {"id": token, "receipt": receipts[-1]}))
        return [self._session.answer(receipt) for receipt in receipts]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome is ok with the broker's RECEIPT."""
        in_flight, body = self._in_flight, message.body
        if not in_flight.enter(message.id, len(body)):
            return
        if self._web_socket and not is_text(body):
            in_flight.settle(message.id, SendOutcome.FAILED, NO_TEXT)
            return
        headers = {"destination": stomp_destination(message.destination), **of_message(message, self.clock.now())}
        self.send(StompFrame("SEND", headers, body))
        in_flight.await_room()

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self._hang_up(StompFrame("DISCONNECT", {"receipt": "farewell"}))
        self._stop_looking()

    def on_frame(self, frame: object) -> None:
        """Take a frame."""
        assert isinstance(frame, StompFrame)
        match frame.command:
            case "MESSAGE":
                self._session.take_message(frame.headers, frame.body)
            case "RECEIPT":
                self._session.take_receipt(frame.headers["receipt-id"])
            case "ERROR":
                self._session.take_error(frame.headers, frame.body)
            case "CONNECTED":
                self._answers.give("connect")

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._stop_looking()
        super().closed(why)

    def _end(self, name: str, what: str) -> None:
        receipt = f"end-of-{name}"
        self.send(StompFrame("UNSUBSCRIBE", {"id": name, "receipt": receipt}))
        self._answers.wait(receipt, what)

    def _look(self) -> None:
        """Take the broker for gone if nothing came for as long as three of its heartbeats."""
        if self._connection is None or self._in_flight.gone is not None:
            return
        ends = self._connection.heard + _PATIENCE * SECOND
        if self.kernel.now >= ends:
            self._connection.abort()
            self._gone("the broker fell silent")
        else:
            self._tick = self.kernel.at(ends, self._look)

    def _gone(self, why: str) -> None:
        self._session.end_browsers()
        super()._gone(why)

    def _stop_looking(self) -> None:
        if self._tick is not None:
            cancel(self._tick)

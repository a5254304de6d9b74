"""A STOMP 1.2 client, as `lab.clients.stomp` is one on stomp.py: its receipts, its heartbeats, its words."""

from __future__ import annotations

from collections.abc import Sequence

from lab.clients.naming import TEMPORARY, of_stomp, stomp_destination
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Terms
from lab.simulation.clients.base import Browsing, SimulatedClient, Target
from lab.simulation.kernel import SECOND, Kernel, Timer
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
        self._subscriptions: dict[str, Terms] = {}
        self._browsers: dict[str, Browsing] = {}
        self._count = 0
        self._tick: Timer | None = None
        super().__init__(kernel, clock, fabric, target, events, "STOMP", web_socket=web_socket)
        login = {"login": target.user, "passcode": target.password, "client-id": target.client_id}
        self._log_in(target, StompFrame("CONNECT", {**login, "heart-beat": f"0,{_BEATS * 1000}", "host": target.host}))
        self._tick = kernel.after(_PATIENCE * SECOND, self._look)

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; STOMP ignores `qos`."""
        self._count += 1
        name = f"subscription-{self._count}"
        self._subscriptions[name] = terms
        where = stomp_destination(terms.destination)
        self.send(
            StompFrame(
                "SUBSCRIBE",
                {"destination": where, "id": name, "ack": terms.ack, **_headers_of(terms), "receipt": name},
            )
        )
        self._answers.wait(name, f"{self._where}: subscribe to {terms.destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription: its consumer, then a durable subscription itself."""
        name, terms = next((name, own) for name, own in self._subscriptions.items() if own.destination == destination)
        self._end(name, f"{self._where}: unsubscribe from {destination}")
        del self._subscriptions[name]
        if terms.durable:
            receipt = f"all-of-{name}"
            durable = {"activemq.subscriptionName": terms.destination.name}
            self.send(StompFrame("UNSUBSCRIBE", {"id": name, **durable, "receipt": receipt}))
            self._answers.wait(receipt, f"{self._where}: end the durable subscription to {destination}")

    def browse(self, queue: Destination, within: float) -> Look:
        """Return what the broker shows of a queue, up to its word that this was all."""
        self._count += 1
        name = f"browser-{self._count}"
        browsing = self._browsers[name] = Browsing(self.clock, queue)
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
        self._subscriptions[name] = Terms(destination=Destination(kind=TEMPORARY, name=f"mqlab-{self._count}"))
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
        return [self._answer(receipt) for receipt in receipts]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome is ok with the broker's RECEIPT."""
        if not self._in_flight.enter(message.id, len(message.body)):
            return
        if self._web_socket and not _is_text(message.body):
            note = "not sent: no UTF-8, and in a WebSocket STOMP is text"
            self._in_flight.settle(message.id, SendOutcome.FAILED, note)
            return
        headers = {"destination": stomp_destination(message.destination), "receipt": message.id, **message.headers}
        if message.persistent:
            headers["persistent"] = "true"  # ActiveMQ's STOMP is non-persistent without it
        if message.expiry is not None:
            headers["expires"] = str(int((self.clock.now() + message.expiry) * 1000))
        if message.group is not None:
            headers["JMSXGroupID"] = message.group
        if message.reply_to is not None:
            headers["reply-to"] = message.reply_to
        if message.priority is not None:
            headers["priority"] = str(message.priority)
        self.send(StompFrame("SEND", headers, message.body))
        self._in_flight.await_room()

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self._hang_up(StompFrame("DISCONNECT", {"receipt": "farewell"}))
        self._stop_looking()

    def on_frame(self, frame: object) -> None:
        """Take a frame."""
        assert isinstance(frame, StompFrame)
        match frame.command:
            case "MESSAGE":
                self._on_message(frame)
            case "RECEIPT":
                receipt = frame.headers["receipt-id"]
                if receipt[0].isdigit():
                    self._in_flight.settle(receipt, SendOutcome.OK)
                else:
                    self._answers.give(receipt)
            case "ERROR":
                self._on_error(frame)
            case "CONNECTED":
                self._answers.give("connect")

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._stop_looking()
        super().closed(why)

    def _on_message(self, frame: StompFrame) -> None:
        headers = frame.headers
        if (browsing := self._browsers.get(headers["subscription"])) is not None:
            if headers.get("browser") == "end":
                browsing.end()
            else:
                browsing.messages.append(
                    Incoming(browsing.queue, frame.body, headers, retained=False, redelivered=False)
                )
            return
        subscription = self._subscriptions.get(headers["subscription"])
        if subscription is None:
            raise BrokerError(f"{self._where} delivered a message to a subscription that is not ours")
        self.events.received(
            Incoming(
                subscription.destination,
                frame.body,
                headers,
                headers.get("retain") == "true",
                headers.get("redelivered") == "true",
                headers.get("ack") if subscription.ack != "auto" else None,
                of_stomp(headers.get("reply-to")) if subscription.replies else None,
            )
        )

    def _on_error(self, frame: StompFrame) -> None:
        """Record a refusal: of the request that it names, or, without a name, of the connection."""
        why = frame.headers.get("message") or "the broker said only ERROR"
        receipt = frame.headers.get("receipt-id")
        if receipt is None:
            self._answers.give("connect", why)
            self._gone(why)
        elif receipt[0].isdigit():
            self._in_flight.settle(receipt, SendOutcome.FAILED, why)
        else:
            self._answers.give(receipt, why)

    def _end(self, name: str, what: str) -> None:
        receipt = f"end-of-{name}"
        self.send(StompFrame("UNSUBSCRIBE", {"id": name, "receipt": receipt}))
        self._answers.wait(receipt, what)

    def _answer(self, receipt: str) -> SendOutcome:
        """Return the broker's answer to an acknowledgement; unknown if none comes."""
        try:
            self._answers.wait(receipt, self._where)
        except LabTimeout:
            return SendOutcome.UNKNOWN
        except BrokerError:
            return SendOutcome.UNKNOWN if self._in_flight.gone is not None else SendOutcome.FAILED
        return SendOutcome.OK

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
        for browsing in tuple(self._browsers.values()):
            browsing.end(whole=browsing.whole)
        super()._gone(why)

    def _stop_looking(self) -> None:
        if self._tick is not None:
            self._tick.cancel()


def _headers_of(terms: Terms) -> dict[str, str]:
    """Return the terms of a subscription as headers of ActiveMQ's STOMP."""
    headers: dict[str, str] = {}
    if terms.durable:
        headers["activemq.subscriptionName"] = terms.destination.name
    if terms.selector is not None:
        headers["selector"] = terms.selector
    if terms.prefetch is not None:
        headers["activemq.prefetchSize"] = str(terms.prefetch)
    return headers


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True

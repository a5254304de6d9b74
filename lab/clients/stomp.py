"""A STOMP 1.2 client of either runtime: its requests, its sends, and the meaning of the broker's frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from lab.clients.base import BaseClient, Browsing, Wire
from lab.clients.destination_names import TEMPORARY, of_stomp, stomp_destination
from lab.clients.stomp_headers import is_text, of_durable, of_message, of_subscription, of_whole
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Shown, Terms

HEARTBEAT_SECONDS = 10  # of the broker; the client sends no heartbeats: a late one must not end the connection
NOT_UTF_8 = "not sent: the body is not UTF-8, and STOMP in a WebSocket is text"
_OK = SendOutcome.OK  # an attribute of an Enum costs as much as the rest of a receipt


class StompWire(Wire, Protocol):
    """A connection that carries frames of STOMP, and calls the client's `on_` methods."""

    def send(self, command: str, headers: dict[str, str], body: bytes = b"", *, text: bool = False) -> None:
        """Send a frame, which owns the headers; with `text`, omit the body's length. OSError on failure."""
        ...


class StompClient(BaseClient):
    """One STOMP connection; it never reconnects by itself.

    Receipts of sends are message ids, which begin with a digit.
    """

    wire: StompWire

    def __init__(
        self,
        wire: StompWire,
        events: ClientEvents,
        clock: Clock,
        address: str,
        *,
        now: Callable[[], float],  # seconds of the broker's clock
        typed: bool,  # whether frames distinguish bytes from text, as those of real brokers do
        text_only: bool,  # in a WebSocket ActiveMQ accepts only text
    ) -> None:
        super().__init__(wire, events, clock, address)
        self._now, self._typed, self._text_only = now, typed, text_only
        self._subscriptions: dict[str, Terms] = {}  # by id
        self._browsers: dict[str, Browsing] = {}  # by id

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; STOMP ignores `qos`."""
        name = self._next("subscription")
        self._subscriptions[name] = terms
        where = stomp_destination(terms.destination)
        headers = {"destination": where, "id": name, "ack": terms.ack, **of_subscription(terms)}
        self._request("SUBSCRIBE", headers, name, f"subscribe to {terms.destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription: its consumer, then a durable subscription itself."""
        name, terms = next(
            (name, terms) for name, terms in self._subscriptions.items() if terms.destination == destination
        )
        self._request("UNSUBSCRIBE", {"id": name}, f"end-of-{name}", f"unsubscribe from {destination}")
        del self._subscriptions[name]
        if terms.durable:
            headers = {"id": name, **of_durable(terms)}
            self._request("UNSUBSCRIBE", headers, f"all-of-{name}", f"end the durable subscription to {destination}")

    def browse(self, queue: Destination, within: float) -> Look:
        """Return the messages that the broker shows of a queue, until the broker ends the browser."""
        name = self._next("browser")
        browsing = self._browsers[name] = Browsing(queue, self._clock)
        headers = {"destination": stomp_destination(queue), "id": name, "ack": "auto", "browser": "true"}
        self._request("SUBSCRIBE", headers, name, f"browse {queue}")
        look = browsing.look(within)
        self._request("UNSUBSCRIBE", {"id": name}, f"end-of-{name}", f"end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address of a temporary queue of this connection, to which it is subscribed."""
        queue = self._next("mqlab")
        name, where = queue.replace("mqlab", "temporary"), f"/temp-queue/{queue}"
        self._subscriptions[name] = Terms(destination=Destination(kind=TEMPORARY, name=queue))
        headers = {"destination": where, "id": name, "ack": "auto"}
        self._request("SUBSCRIBE", headers, name, "subscribe to a temporary queue")
        return where

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Acknowledge messages, all at once, and return the broker's answer to each."""
        receipts = []
        for token in tokens:
            receipts.append(self._next("ack"))
            self._send_request("ACK", {"id": token}, receipts[-1])
        return [self._answer(receipt) for receipt in receipts]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome is ok with the broker's RECEIPT."""
        in_flight, body = self.in_flight, message.body
        if not in_flight.enter(message.id, len(body)):
            return
        if self._text_only and not is_text(body):
            in_flight.settle(message.id, SendOutcome.FAILED, NOT_UTF_8)
            return
        headers = {"destination": stomp_destination(message.destination), **of_message(message, self._now())}
        try:
            self.wire.send("SEND", headers, body, text=message.text and is_text(body) and b"\0" not in body)
        except OSError as error:
            in_flight.settle(message.id, SendOutcome.FAILED, f"not sent: {error}")
        in_flight.await_room()

    def gone(self, why: str) -> None:
        """End all waits, and report the loss of a connection that was accepted and is not being closed."""
        for browsing in tuple(self._browsers.values()):
            browsing.end(whole=browsing.whole)
        super().gone(why)

    def on_message(self, headers: Mapping[str, str], body: bytes) -> None:
        """Report a message of a subscription, or keep it for the browser that it is shown to."""
        id = headers.get("subscription", "")  # noqa: A001 (its name everywhere)
        if self._browsers and (browsing := self._browsers.get(id)) is not None:
            if headers.get("browser") == "end":
                browsing.end()
            else:
                shown = self._shown(headers)
                message = Incoming(browsing.queue, body, headers, retained=False, redelivered=False, shown=shown)
                browsing.messages.append(message)
            return
        subscription = self._subscriptions.get(id)
        if subscription is None:
            raise BrokerError(f"{self.address} delivered a message to a subscription that this client did not make")
        self.events.received(
            Incoming(
                subscription.destination,
                body,
                headers,
                headers.get("retain") == "true",
                headers.get("redelivered") == "true",
                headers.get("ack") if subscription.ack != "auto" else None,
                of_stomp(headers.get("reply-to")) if subscription.replies else None,
                self._shown(headers) if subscription.whole else None,
            )
        )

    def on_receipt(self, receipt: str) -> None:
        """Report a send as ok, or record the answer to a request, by the receipt's name."""
        if receipt[0].isdigit():
            self.in_flight.settle(receipt, _OK)
        else:
            self.answers.give(receipt)

    def on_error(self, headers: Mapping[str, str], body: bytes | None) -> None:
        """Record a refusal: of the request that it names, or, without a name, of the connection."""
        why = headers.get("message") or _first_line(body) or "the broker sent only ERROR"
        receipt = headers.get("receipt-id")
        if receipt is None:
            self.answers.give("connect", why)
            self.gone(why)
        elif receipt[0].isdigit():
            self.in_flight.settle(receipt, SendOutcome.FAILED, why)
        else:
            self.answers.give(receipt, why)

    def _shown(self, headers: Mapping[str, str]) -> Shown | None:
        return of_whole(headers, self._now(), typed=self._typed)

    def _answer(self, receipt: str) -> SendOutcome:
        """Return the broker's answer to an acknowledgement; unknown if no answer arrives."""
        try:
            self.answers.wait(receipt, self.address)
        except LabTimeout:
            return SendOutcome.UNKNOWN
        except BrokerError:
            return SendOutcome.UNKNOWN if self.in_flight.gone is not None else SendOutcome.FAILED
        return SendOutcome.OK

    def _request(self, command: str, headers: dict[str, str], receipt: str, action: str) -> None:
        self._send_request(command, headers, receipt)
        self.answers.wait(receipt, f"{self.address}: {action}")

    def _send_request(self, command: str, headers: dict[str, str], receipt: str) -> None:
        try:
            self.wire.send(command, {**headers, "receipt": receipt})
        except OSError:
            self.answers.give(receipt, "the connection was lost")


def _first_line(body: bytes | None) -> str:
    lines = (body or b"").decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else ""

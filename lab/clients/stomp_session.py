"""What the STOMP clients of both runtimes do alike: the headers that they send, and what the broker's frames mean.

The wire is left to each: this imports no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lab.clients.base import Browsing
from lab.clients.destination_names import of_stomp
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.messages import Incoming, Outgoing, Shown, Terms

DURABLE = "activemq.subscriptionName"
_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the rest
_LONG = 16  # digits of a number that no broker writes
NO_TEXT = "not sent: no UTF-8, and in a WebSocket STOMP is text"
SET_FOR_MQTT = "ActiveMQ.MQTT."  # how the properties begin that ActiveMQ adds to a message that came over MQTT
_NOT_THE_SENDERS = frozenset({  # headers of a MESSAGE that are the protocol's, or have a field of their own in Shown
    "destination", "message-id", "subscription", "timestamp", "expires", "priority", "persistent", "redelivered",
    "content-length", "ack", "receipt", "browser", "retain", "JMSXGroupID", "JMSXUserID", "original-destination",
})  # fmt: skip


class Answering(Protocol):
    """A broker's answers to requests."""

    def give(self, to: str, refusal: str = "") -> None:
        """Record the answer to a request, an empty refusal for yes."""
        ...

    def wait(self, to: str, what: str) -> None:
        """Wait until the answer is yes; raise BrokerError or LabTimeout."""
        ...


class Sends(Protocol):
    """The sends whose outcome is not known yet."""

    gone: str | None

    def settle(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Report the outcome of a send."""
        ...


class StompSession:
    """The frames and open questions of one connection. Receipts of sends are message ids, which begin with a digit."""

    def __init__(
        self,
        where: str,
        events: ClientEvents,
        answers: Answering,
        in_flight: Sends,
        gone: Callable[[str], None],
        *,
        now: Callable[[], float],  # seconds of the broker's clock
        typed: bool,  # whether frames tell bytes from text, as those of real brokers do
    ) -> None:
        self._where, self._events, self._answers, self._in_flight = where, events, answers, in_flight
        self._now, self._typed = now, typed
        self._gone = gone  # is told why the connection has ended
        self.subscriptions: dict[str, Terms] = {}  # by their ids
        self.browsers: dict[str, Browsing] = {}

    def take_message(self, headers: Mapping[str, str], body: bytes) -> None:
        """Report a message that came for a subscription, or keep it for the browser that it was shown to."""
        its = headers.get("subscription", "")
        if self.browsers and (browsing := self.browsers.get(its)) is not None:
            if headers.get("browser") == "end":
                browsing.end()
            else:
                shown = self._shown(headers)
                message = Incoming(browsing.queue, body, headers, retained=False, redelivered=False, shown=shown)
                browsing.messages.append(message)
            return
        subscription = self.subscriptions.get(its)
        if subscription is None:
            raise BrokerError(f"{self._where} delivered a message to a subscription that is not ours")
        self._events.received(
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

    def _shown(self, headers: Mapping[str, str]) -> Shown | None:
        return of_whole(headers, self._now(), typed=self._typed)

    def take_receipt(self, receipt: str) -> None:
        """Report a send as ok, or record the answer to a request, by the receipt's name."""
        if receipt[0].isdigit():
            self._in_flight.settle(receipt, _OK)
        else:
            self._answers.give(receipt)

    def take_error(self, headers: Mapping[str, str], body: bytes | None) -> None:
        """Record a refusal: of the request that it names, or, without a name, of the connection."""
        why = headers.get("message") or _first_line(body) or "the broker said only ERROR"
        receipt = headers.get("receipt-id")
        if receipt is None:
            self._answers.give("connect", why)
            self._gone(why)
        elif receipt[0].isdigit():
            self._in_flight.settle(receipt, SendOutcome.FAILED, why)
        else:
            self._answers.give(receipt, why)

    def answer(self, receipt: str) -> SendOutcome:
        """Return the broker's answer to an acknowledgement; unknown if none comes."""
        try:
            self._answers.wait(receipt, self._where)
        except LabTimeout:
            return SendOutcome.UNKNOWN
        except BrokerError:
            return SendOutcome.UNKNOWN if self._in_flight.gone is not None else SendOutcome.FAILED
        return SendOutcome.OK

    def end_browsers(self) -> None:
        """End every wait for what a browser is shown."""
        for browsing in tuple(self.browsers.values()):
            browsing.end(whole=browsing.whole)


def of_subscription(terms: Terms) -> dict[str, str]:
    """Return the terms of a subscription as headers of ActiveMQ's STOMP."""
    headers = of_durable(terms) if terms.durable else {}
    if terms.selector is not None:
        headers["selector"] = terms.selector
    if terms.prefetch is not None:
        headers["activemq.prefetchSize"] = str(terms.prefetch)
    return headers


def of_durable(terms: Terms) -> dict[str, str]:
    """Return the header that names a durable subscription."""
    return {DURABLE: terms.destination.name}


def of_message(message: Outgoing, now: float) -> dict[str, str]:
    """Return the headers of a SEND but its destination; expiry counts from `now`, in seconds of the broker's clock."""
    id, _, _, own, _, persistent, _, expiry, group, priority, reply_to, *_ = message  # noqa: A001 (its name everywhere)
    headers = {"receipt": id, **own}
    if persistent:
        headers["persistent"] = "true"  # ActiveMQ's STOMP is non-persistent without it
    if expiry is not None:
        headers["expires"] = str(int((now + expiry) * 1000))  # a point in time, not a duration
    if group is not None:
        headers["JMSXGroupID"] = group
    if reply_to is not None:
        headers["reply-to"] = reply_to
    if priority is not None:
        headers["priority"] = str(priority)
    return headers


def of_whole(headers: Mapping[str, str], now: float, *, typed: bool) -> Shown | None:
    """Return what a MESSAGE shows; None if it names no destination. `now` is in seconds of the broker's clock.

    ActiveMQ writes the length of a BytesMessage alone (`LegacyFrameTranslator`, 5.18.3); a simulated frame of none.
    """
    sent_to = of_stomp(headers.get("destination"))
    if sent_to is None:
        return None
    sent, ends = _number(headers.get("timestamp")) / 1000, _number(headers.get("expires")) / 1000
    return Shown(
        sent_to,
        {
            name: value
            for name, value in headers.items()
            if name not in _NOT_THE_SENDERS and not name.startswith(SET_FOR_MQTT)
        },
        persistent=headers.get("persistent") == "true",
        priority=_number(headers.get("priority")),
        expiry=round(max(ends - (sent or now), 0.001), 3) if ends else None,
        group=headers.get("JMSXGroupID"),
        type="text" if typed and "content-length" not in headers else "bytes",
        id=headers.get("message-id"),
    )


def _number(text: str | None) -> int:
    """Return a header's number; 0 if it has none."""
    return int(text) if text is not None and len(text) < _LONG and text.isascii() and text.isdigit() else 0


def is_text(body: bytes) -> bool:
    """Return whether a body is UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _first_line(body: bytes | None) -> str:
    lines = (body or b"").decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else ""

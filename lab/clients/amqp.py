"""An AMQP 1.0 client over TLS, logged in by SASL PLAIN; with amqp_wire.py the only file that knows proton."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from proton import Delivery, Described, Event, Link, Message, Terminus, symbol, ulong
from proton import Endpoint as End

from lab.clients.amqp_wire import Wire, words
from lab.clients.base import CLOSE_WITHIN, Answers, Endpoint, InFlight, connecting, guarded
from lab.clients.naming import amqp_address
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.base import ClientEvents, Destination, Incoming, Outgoing, Terms

MOST_IN_FLIGHT = 100
PREFETCH = 1000  # messages that may come before they are acknowledged, where nothing is said: as ActiveMQ's own clients
_SELECTOR = symbol("apache.org:selector-filter:string")
_SELECTOR_CODE = ulong(0x0000468C00000004)
_RETAINED = "ActiveMQ.Retained"  # the property of a message that came over MQTT, kept, and is given to a newcomer
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(slots=True, eq=False)
class _Subscription:
    """A receiving link, and what came over it that nobody has acknowledged yet."""

    name: str
    terms: Terms
    link: Any = None
    unsettled: dict[str, Any] = field(default_factory=dict)  # by token, in the order they came
    due: int = 0  # credit that was used up and is not given again yet

    @property
    def credit(self) -> int:
        return self.terms.prefetch or PREFETCH


class AmqpClient:
    """One AMQP connection; it never reconnects by itself."""

    def __init__(self, endpoint: Endpoint, events: ClientEvents) -> None:
        self.events = events
        self._where = f"AMQP at {endpoint}"
        self._welcome = self._closing = False
        self._answers = Answers()
        self._flights = InFlight(events, most=MOST_IN_FLIGHT)
        self._message = Message()  # one for all that is sent: only one thread publishes
        self._sending = threading.Lock()
        self._waiting: list[tuple[Destination, str, bytes]] = []  # for the connection's thread
        self._senders: dict[Destination, Any] = {}
        self._unanswered: dict[str, set[str]] = {}  # ids of messages, by the name of the link they went over
        self._refusals: dict[str, str] = {}  # of links to send over, by name
        self._subscriptions: dict[str, _Subscription] = {}  # by the name of the link
        self._count = 0
        self._session: Any = None
        self._heard = Message()  # one for all that is received, in the connection's thread
        self._wire = Wire(endpoint, self._on_event, self._on_end)
        with connecting(endpoint, "AMQP"):
            self._wire.open(endpoint)
        try:
            self._answers.wait("connect", self._where, endpoint.within)
            self._welcome = True
        except BaseException:
            self.close()
            raise

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has attached the link; it has no QoS, and its name is a durable subscription's."""
        self._count += 1
        name = terms.destination.name if terms.durable else f"subscription-{self._count}"
        subscription = self._subscriptions[name] = _Subscription(name, terms)
        self._wire.hand(partial(self._attach, subscription))
        try:
            self._answers.wait(f"attach {name}", f"{self._where}: subscribe to {terms.destination}")
        except BaseException:
            del self._subscriptions[name]
            raise

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the link, and a durable subscription with it."""
        subscription = next(each for each in self._subscriptions.values() if each.terms.destination == destination)
        self._wire.hand(lambda: subscription.link.close())
        self._answers.wait(f"detach {subscription.name}", f"{self._where}: unsubscribe from {destination}")
        del self._subscriptions[subscription.name]

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Accept messages, in `client` mode with all that came before them; ok once the broker has read that far.

        AMQP answers no acknowledgement. But a broker reads frames in their order, so when it has answered what was
        asked after them, it has read them too.
        """
        found: list[bool] = []
        self._count += 1
        proof = f"proof-{self._count}"

        def settle() -> None:
            found.extend(self._accept(token) for token in tokens)
            session = self._wire.connection.session()
            session.mqlab_proof = proof
            session.open()

        self._wire.hand(settle)
        try:
            self._answers.wait(proof, self._where)
        except (BrokerError, LabTimeout):
            return [SendOutcome.UNKNOWN for _ in tokens]
        return [SendOutcome.OK if each else SendOutcome.FAILED for each in found]

    def publish(self, message: Outgoing) -> None:
        """Hand a message over; the broker's disposition makes it ok or failed."""
        octets = self._encoded(message)
        if not self._flights.enter(message.id, len(octets)):
            return
        with self._sending:
            self._waiting.append((message.destination, message.id, octets))
            first = len(self._waiting) == 1
        if first:
            self._wire.hand(self._send_waiting)
        self._flights.await_room()

    def close(self) -> None:
        """Leave; what is in flight is reported unknown."""
        self._closing = True
        self._flights.end("the client was closed")
        self._wire.hand(self._wire.connection.close)
        self._wire.thread.join(CLOSE_WITHIN)
        if self._wire.thread.is_alive():
            self._wire.hang_up()
            self._wire.thread.join(CLOSE_WITHIN)

    def _encoded(self, message: Outgoing) -> bytes:
        out: Any = self._message  # its properties have types that only the library's own values have
        out.inferred = True  # bytes are a data section, as ActiveMQ's BytesMessage is
        out.body, out.properties = message.body, dict(message.headers)
        out.durable = message.persistent
        out.ttl = 0.0 if message.expiry is None else max(message.expiry, 0.001)  # 0 says: never
        out.group_id = message.group
        out.priority = Message.DEFAULT_PRIORITY if message.priority is None else message.priority
        octets: bytes = out.encode()
        return octets

    # What follows runs in the connection's thread.

    def _send_waiting(self) -> None:
        with self._sending:
            waiting, self._waiting = self._waiting, []
        for destination, id, octets in waiting:  # noqa: A001 (its name everywhere)
            sender = self._senders.get(destination) or self._open_sender(destination)
            if (refusal := self._refusals.get(sender.name)) is not None:
                self._flights.settle(id, SendOutcome.FAILED, refusal)
                continue
            self._unanswered[sender.name].add(id)
            sender.delivery(id)
            sender.stream(octets)
            sender.advance()

    def _open_sender(self, destination: Destination) -> Any:
        address = amqp_address(destination)
        sender = self._senders[destination] = self._session.sender(f"to-{address}")
        self._unanswered[sender.name] = set()
        sender.source.address = sender.target.address = address
        sender.snd_settle_mode = Link.SND_UNSETTLED
        sender.open()
        return sender

    def _attach(self, subscription: _Subscription) -> None:
        terms = subscription.terms
        link = subscription.link = self._session.receiver(subscription.name)
        link.source.address = link.target.address = amqp_address(terms.destination)
        if terms.durable:
            link.source.durability, link.source.expiry_policy = Terminus.DELIVERIES, Terminus.EXPIRE_NEVER
        if terms.selector is not None:
            link.source.filter.put_dict({symbol("jms-selector"): Described(_SELECTOR_CODE, terms.selector)})
        link.open()
        link.flow(subscription.credit)

    def _accept(self, token: str) -> bool:
        for subscription in self._subscriptions.values():
            if token in subscription.unsettled:
                covered = [token]
                if subscription.terms.ack == "client":
                    every = list(subscription.unsettled)
                    covered = every[: every.index(token) + 1]
                for each in covered:
                    self._settle(subscription, subscription.unsettled.pop(each))
                return True
        return False

    def _settle(self, subscription: _Subscription, delivery: Any) -> None:
        """Accept a message, and give credit for the next in portions."""
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        subscription.due += 1
        if 2 * subscription.due >= subscription.credit:
            subscription.link.flow(subscription.due)
            subscription.due = 0

    @guarded
    def _on_event(self, event: Any) -> None:
        heard = self._HEARD.get(event.type)
        if heard is not None:
            heard(self, event)

    def _on_opened(self, event: Any) -> None:
        self._session = self._wire.connection.session()
        self._session.open()  # its answer is the broker's welcome: one that refuses has closed the connection before

    def _on_closed(self, event: Any) -> None:
        self._gone(words(self._wire.connection.remote_condition))
        self._wire.connection.close()

    def _on_session_opened(self, event: Any) -> None:
        proof = getattr(event.session, "mqlab_proof", None)
        self._answers.give("connect" if proof is None else proof)
        if proof is not None:
            event.session.close()

    def _on_session_closed(self, event: Any) -> None:
        if getattr(event.session, "mqlab_proof", None) is None and not self._closing:
            self._gone(words(event.session.remote_condition))
            self._wire.connection.close()

    def _on_link_opened(self, event: Any) -> None:
        link = event.link
        if link.is_receiver and link.remote_source.address is not None:  # without one, a refusal follows
            self._answers.give(f"attach {link.name}")

    def _on_link_closed(self, event: Any) -> None:
        """Take the end of a link: as asked, or as a refusal of what it was for."""
        link, condition = event.link, event.link.remote_condition
        asked = bool(link.state & End.LOCAL_CLOSED)
        why = words(condition)
        if not asked:
            link.close()
        if link.is_sender:
            self._refusals[link.name] = why
            while self._unanswered[link.name]:
                self._flights.settle(self._unanswered[link.name].pop(), SendOutcome.FAILED, why)
        elif asked and condition is None:
            self._answers.give(f"detach {link.name}")
        else:
            self._answers.give(f"attach {link.name}", why)  # harmless where it had been attached
            self._answers.give(f"detach {link.name}", why)

    def _on_delivery(self, event: Any) -> None:
        delivery, link = event.delivery, event.link
        if link.is_sender:
            self._on_disposition(link, delivery)
        elif not delivery.partial and not delivery.aborted and delivery.readable:
            self._on_message(link, delivery)

    def _on_disposition(self, link: Any, delivery: Any) -> None:
        state = delivery.remote_state
        if state == Delivery.ACCEPTED:
            outcome, why = SendOutcome.OK, ""
        elif state in (Delivery.REJECTED, Delivery.RELEASED, Delivery.MODIFIED):
            outcome, why = SendOutcome.FAILED, words(delivery.remote.condition)
        elif delivery.settled:
            outcome, why = SendOutcome.UNKNOWN, "the broker settled it without a word"
        else:
            return
        id = delivery.tag  # noqa: A001 (its name everywhere)
        delivery.settle()
        self._unanswered[link.name].discard(id)
        self._flights.settle(id, outcome, why)

    def _on_message(self, link: Any, delivery: Any) -> None:
        subscription = self._subscriptions.get(link.name)
        octets = link.recv(delivery.pending)
        link.advance()
        if subscription is None:
            return  # it came while we were leaving, and goes back to the broker
        heard, token = self._heard, None
        heard.decode(octets)
        body, properties = heard.body, heard.properties
        if subscription.terms.ack == "auto":
            self._settle(subscription, delivery)
        else:
            self._count += 1
            token = f"message-{self._count}"
            subscription.unsettled[token] = delivery
        self.events.received(
            Incoming(
                subscription.terms.destination,
                body if isinstance(body, bytes) else _octets(body),
                properties or _NO_HEADERS,
                bool(properties and properties.get(_RETAINED)),
                heard.delivery_count > 0,
                token,
            )
        )

    def _gone(self, why: str) -> None:
        self._answers.gone(why)
        if self._flights.end(why) and self._welcome and not self._closing:
            self.events.lost(why)

    @guarded
    def _on_end(self, why: str) -> None:
        self._gone(why)

    _HEARD: ClassVar[Mapping[Any, Callable[[AmqpClient, Any], None]]] = {
        Event.CONNECTION_REMOTE_OPEN: _on_opened,
        Event.CONNECTION_REMOTE_CLOSE: _on_closed,
        Event.SESSION_REMOTE_OPEN: _on_session_opened,
        Event.SESSION_REMOTE_CLOSE: _on_session_closed,
        Event.LINK_REMOTE_OPEN: _on_link_opened,
        Event.LINK_REMOTE_CLOSE: _on_link_closed,
        Event.LINK_REMOTE_DETACH: _on_link_closed,
        Event.DELIVERY: _on_delivery,
    }


def _octets(body: object) -> bytes:
    """Give the octets of a body that is no data section: of a text, as a TextMessage's is, else of what it shows."""
    if body is None:
        return b""
    return bytes(body) if isinstance(body, memoryview | bytearray) else str(body).encode("utf-8", "surrogatepass")

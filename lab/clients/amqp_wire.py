"""The wire of a real AMQP client, on proton: its links, its deliveries, its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from itertools import count
from typing import Any, ClassVar

from proton import Delivery, Described, Event, Link, Terminus, symbol, ulong
from proton import Endpoint as End

from lab.base.dataclass import dataclass
from lab.clients.amqp import MOST_BROWSED, AmqpClient, Subscription
from lab.clients.amqp_connection import Connection, reason_of
from lab.clients.amqp_message import decode, encode, reply_to, whole
from lab.clients.base import CLOSE_WITHIN, Browsing, guarded
from lab.clients.destination_names import TEMPORARY, amqp_address
from lab.clients.sockets import connecting
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import Destination, Incoming, Outgoing

_SELECTOR_CODE = ulong(0x0000468C00000004)  # apache.org:selector-filter:string
_RETAINED = "ActiveMQ.Retained"  # the property of a retained MQTT message, delivered on subscribing
_ACCEPTED, _DECLINED = Delivery.ACCEPTED, (Delivery.REJECTED, Delivery.RELEASED, Delivery.MODIFIED)


@dataclass(slots=True, eq=False)
class _Outlet:
    """A sending link, and the sends over it that the broker has not answered yet."""

    sender: Any
    unanswered: dict[Any, str] = field(default_factory=dict)  # the message's id, by delivery
    refusal: str | None = None


class AmqpWire:
    """The wire of an AmqpClient."""

    client: AmqpClient

    def __init__(self, endpoint: Endpoint) -> None:
        self._waiting: deque[tuple[Destination, str, bytes]] = deque()  # to be sent by the connection's thread
        self._send_scheduled = False  # the thread is going to take the waiting messages
        self._outlets: dict[Destination, _Outlet] = {}
        self._outlets_by_link: dict[Any, _Outlet] = {}
        self._receivers: dict[str, Any] = {}  # by the name of the link
        self._subscriptions: dict[Any, Subscription] = {}  # by link
        self._tags = count(1)
        self._session: Any = None
        self._connection = Connection(endpoint, self._on_event, self._on_end)

    @property
    def events(self) -> ClientEvents:
        """Return the client's events, for `guarded`."""
        return self.client.events

    def open(self, endpoint: Endpoint) -> None:
        """Connect and send the login; raise BrokerError or LabTimeout."""
        with connecting(endpoint, "AMQP"):
            self._connection.open(endpoint)

    def log_in(self) -> None:
        """Do nothing: `open` has sent the login."""

    def run(self, work: Callable[[], None]) -> None:
        """Run work in the connection's thread."""
        self._connection.submit(work)

    def attach(self, subscription: Subscription) -> None:
        """Attach a receiving link, with its credit."""
        self.run(partial(self._attach, subscription))

    def attach_browser(self, name: str, browsing: Browsing) -> None:
        """Attach a receiving link that copies messages, and request all that the queue has now."""
        self.run(partial(self._attach_browser, name, amqp_address(browsing.queue)))

    def detach(self, name: str) -> None:
        """Detach a receiving link."""
        self.run(lambda: self._receivers[name].close())

    def prove(self, name: str) -> None:
        """Open another session, which the broker answers once it has read everything before."""
        self.run(partial(self._prove, name))

    def accept(self, subscription: Subscription, delivery: Any) -> None:
        """Accept a message and settle it."""
        delivery.update(_ACCEPTED)
        delivery.settle()

    def grant(self, subscription: Subscription, credit: int) -> None:
        """Let more messages arrive."""
        self._receivers[subscription.name].flow(credit)

    def encode(self, message: Outgoing) -> tuple[bytes, int]:
        """Return a message's octets, and their number, for `send`."""
        octets = encode(message)
        return octets, len(octets)

    def send(self, message: Outgoing, encoded: bytes) -> None:
        """Let the connection's thread send a message."""
        self._waiting.append((message.destination, message.id, encoded))
        if not self._send_scheduled:
            self._send_scheduled = True
            self.run(self._send_waiting)

    def close(self) -> None:
        """Close the connection and wait for its end; end it if that takes too long."""
        self.run(self._connection.engine.close)
        thread = self._connection.thread
        thread.join(CLOSE_WITHIN)
        if thread.is_alive():
            self._connection.hang_up()
            thread.join(CLOSE_WITHIN)

    # What follows runs in the connection's thread.

    def _send_waiting(self) -> None:
        self._send_scheduled = False  # first: a send that is added from now on schedules this method again
        waiting, tags = self._waiting, self._tags
        while waiting:
            destination, id, octets = waiting.popleft()  # noqa: A001 (its name everywhere)
            outlet = self._outlets.get(destination) or self._open_outlet(destination)
            if outlet.refusal is not None:
                self.client.in_flight.settle(id, SendOutcome.FAILED, outlet.refusal)
                continue
            sender = outlet.sender
            outlet.unanswered[sender.delivery(f"{next(tags):x}")] = id
            sender.stream(octets)
            sender.advance()

    def _open_outlet(self, destination: Destination) -> _Outlet:
        address = amqp_address(destination)
        sender = self._session.sender(f"to-{address}")
        outlet = self._outlets[destination] = self._outlets_by_link[sender] = _Outlet(sender)
        sender.source.address = sender.target.address = address
        sender.snd_settle_mode = Link.SND_UNSETTLED
        sender.open()
        return outlet

    def _attach(self, subscription: Subscription) -> None:
        terms = subscription.terms
        link = self._receivers[subscription.name] = self._session.receiver(subscription.name)
        self._subscriptions[link] = subscription
        link.source.dynamic = terms.destination.kind == TEMPORARY
        if not link.source.dynamic:
            link.source.address = link.target.address = amqp_address(terms.destination)
        if terms.durable:
            link.source.durability, link.source.expiry_policy = Terminus.DELIVERIES, Terminus.EXPIRE_NEVER
        if terms.selector is not None:
            link.source.filter.put_dict({symbol("jms-selector"): Described(_SELECTOR_CODE, terms.selector)})
        link.open()
        link.flow(subscription.credit)

    def _attach_browser(self, name: str, address: str) -> None:
        link = self._receivers[name] = self._session.receiver(name)
        link.source.address = link.target.address = address
        link.source.distribution_mode = Terminus.DIST_MODE_COPY
        link.open()
        link.drain(MOST_BROWSED)

    def _prove(self, name: str) -> None:
        session = self._connection.engine.session()
        session.mqlab_proof = name
        session.open()

    @guarded
    def _on_event(self, event: Any) -> None:
        if (handler := self._HANDLERS.get(event.type)) is not None:
            handler(self, event)

    def _on_opened(self, event: Any) -> None:
        self._session = self._connection.engine.session()
        self._session.open()  # answered only after a login: a refusal has closed the connection before

    def _on_closed(self, event: Any) -> None:
        why = reason_of(self._connection.engine.remote_condition)
        self.client.answers.give("connect", why)
        self.client.gone(why)
        self._connection.engine.close()

    def _on_session_opened(self, event: Any) -> None:
        proof = getattr(event.session, "mqlab_proof", None)
        self.client.answers.give("connect" if proof is None else proof)
        if proof is not None:
            event.session.close()

    def _on_session_closed(self, event: Any) -> None:
        if getattr(event.session, "mqlab_proof", None) is None and not self.client.closing:
            self.client.gone(reason_of(event.session.remote_condition))
            self._connection.engine.close()

    def _on_link_opened(self, event: Any) -> None:
        link = event.link
        if link.is_receiver and (address := link.remote_source.address) is not None:  # without one, a refusal follows
            if (subscription := self._subscriptions.get(link)) is not None:
                subscription.address = address
            self.client.answers.give(f"attach {link.name}")

    def _on_link_flow(self, event: Any) -> None:
        """Record that a browser's link is drained: the broker shows no more."""
        browsing = self.client.browsers.get(event.link.name)
        if browsing is not None and event.link.credit == 0:
            browsing.end()

    def _on_link_closed(self, event: Any) -> None:
        """Record the end of a link: the answer to a detach, or a refusal of its sends or its subscription."""
        link, condition = event.link, event.link.remote_condition
        requested = bool(link.state & End.LOCAL_CLOSED)
        why = reason_of(condition)
        if not requested:
            link.close()
        if link.is_sender:
            outlet = self._outlets_by_link[link]
            outlet.refusal = why
            # A refused link has no target. A link that ends later may have unanswered sends.
            refused = link.remote_target.address is None
            outcome = SendOutcome.FAILED if refused else SendOutcome.UNKNOWN
            while outlet.unanswered:
                _, id = outlet.unanswered.popitem()  # noqa: A001 (its name everywhere)
                self.client.in_flight.settle(id, outcome, why if refused else f"no acknowledgement came: {why}")
        elif requested and condition is None:
            self.client.answers.give(f"detach {link.name}")
        else:
            self.client.answers.give(f"attach {link.name}", why)  # no effect if it had been attached
            self.client.answers.give(f"detach {link.name}", why)

    def _on_delivery(self, event: Any) -> None:
        delivery, link = event.delivery, event.link
        if link.is_sender:
            self._on_disposition(self._outlets_by_link[link], delivery)
        elif (octets := take(link, delivery)) is not None:
            self._on_message(link, delivery, octets)

    def _on_disposition(self, outlet: _Outlet, delivery: Any) -> None:
        state, why = delivery.remote_state, ""
        if state == _ACCEPTED:
            outcome = SendOutcome.OK
        elif state in _DECLINED:
            outcome, why = SendOutcome.FAILED, reason_of(delivery.remote.condition)
        elif delivery.settled:
            outcome, why = SendOutcome.UNKNOWN, "the broker settled it without an outcome"
        else:
            return
        id = outlet.unanswered.pop(delivery, None)  # noqa: A001 (its name everywhere)
        delivery.settle()
        if id is not None:
            self.client.in_flight.settle(id, outcome, why)

    def _on_message(self, link: Any, delivery: Any, octets: bytes) -> None:
        client = self.client
        subscription = self._subscriptions.get(link)
        if subscription is None:
            browsing = client.browsers[link.name]
            delivery.update(_ACCEPTED)
            delivery.settle()
            body, properties, _ = decode(octets)
            shown = whole(octets, browsing.queue)
            browsing.messages.append(
                Incoming(browsing.queue, body, properties, retained=False, redelivered=False, shown=shown)
            )
            return
        link.advance()
        if client.subscriptions.get(subscription.name) is not subscription:
            return  # arrived during an unsubscribe: it goes back to the broker
        body, properties, redelivered = decode(octets)
        terms = subscription.terms
        client.on_message(
            subscription,
            delivery,
            body,
            properties,
            retained=bool(properties and properties.get(_RETAINED)),
            redelivered=redelivered,
            reply_to=reply_to(octets) if terms.replies else None,
            shown=whole(octets, terms.destination) if terms.whole else None,
        )

    @guarded
    def _on_end(self, reason: str, why: str) -> None:
        """Report the loss: the broker's reason, empty if it gave none, and a sentence in any case."""
        if reason:
            self.client.answers.give("connect", reason)
        self.client.gone(why)

    _HANDLERS: ClassVar[Mapping[Any, Callable[[AmqpWire, Any], None]]] = {
        Event.DELIVERY: _on_delivery,
        Event.CONNECTION_REMOTE_OPEN: _on_opened,
        Event.CONNECTION_REMOTE_CLOSE: _on_closed,
        Event.SESSION_REMOTE_OPEN: _on_session_opened,
        Event.SESSION_REMOTE_CLOSE: _on_session_closed,
        Event.LINK_REMOTE_OPEN: _on_link_opened,
        Event.LINK_FLOW: _on_link_flow,
        Event.LINK_REMOTE_CLOSE: _on_link_closed,
        Event.LINK_REMOTE_DETACH: _on_link_closed,
    }


def take(link: Any, delivery: Any) -> bytes | None:
    """Return the octets of a link's current message; None if it is incomplete, aborted or was taken before."""
    if not delivery.readable or delivery.partial:
        return None
    if delivery.aborted:
        delivery.settle()
        return None
    size = delivery.pending
    return bytes(link.recv(size)) if size else b""


def connect(endpoint: Endpoint, events: ClientEvents) -> AmqpClient:
    """Return a client that is connected and logged in."""
    wire = AmqpWire(endpoint)
    wire.client = AmqpClient(wire, events, RealClock(), f"AMQP at {endpoint}")
    wire.open(endpoint)
    wire.client.log_in(endpoint.within)
    return wire.client

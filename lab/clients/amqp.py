"""An AMQP 1.0 client over TLS, logged in by SASL PLAIN; this file and amqp_*.py alone use proton."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from proton import Described, Event, Link, Terminus, symbol, ulong
from proton import Endpoint as End

from lab.clients import amqp_engine as engine
from lab.clients.amqp_links import BROWSED, Browser, Outlet, Subscription
from lab.clients.amqp_message import decode, encode, reply_to, whole
from lab.clients.amqp_wire import Wire, reason_of
from lab.clients.base import CLOSE_WITHIN, BaseClient, Browsing, guarded
from lab.clients.destination_names import TEMPORARY, amqp_address
from lab.clients.sockets import connecting
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Terms

_SELECTOR = symbol("apache.org:selector-filter:string")
_SELECTOR_CODE = ulong(0x0000468C00000004)
_RETAINED = "ActiveMQ.Retained"  # the property of a retained MQTT message, delivered on subscribing


class AmqpClient(BaseClient):
    """One AMQP connection; it never reconnects by itself."""

    def __init__(self, endpoint: Endpoint, events: ClientEvents) -> None:
        super().__init__(endpoint, events, "AMQP")
        self._waiting: deque[tuple[Destination, str, bytes]] = deque()  # to be sent by the connection's thread
        self._send_scheduled = False  # the thread is going to look there
        self._outlets: dict[Destination, Outlet] = {}
        self._links: dict[engine.Pointer, Outlet | Subscription | Browser] = {}
        self._browsers: dict[str, Browser] = {}  # by the name of the link
        self._tags = engine.Tags()
        self._inbox = engine.Inbox()
        self._subscriptions: dict[str, Subscription] = {}  # by the name of the link
        self._count = 0
        self._session: Any = None
        self._wire = Wire(endpoint, self._HANDLERS, self._on_event, self._on_delivery, self._on_end)
        with connecting(endpoint, "AMQP"):
            self._wire.open(endpoint)
        self._log_in(endpoint)

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has attached the link, named after a durable subscription; `qos` is ignored."""
        self._count += 1
        name = terms.destination.name if terms.durable else f"subscription-{self._count}"
        subscription = self._subscriptions[name] = Subscription(name, terms)
        self._wire.submit(partial(self._attach, subscription))
        try:
            self._answers.wait(f"attach {name}", f"{self._where}: subscribe to {terms.destination}")
        except BaseException:
            del self._subscriptions[name]
            raise

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the link, and a durable subscription with it."""
        subscription = next(each for each in self._subscriptions.values() if each.terms.destination == destination)
        self._wire.submit(lambda: subscription.link.close())
        self._answers.wait(f"detach {subscription.name}", f"{self._where}: unsubscribe from {destination}")
        del self._subscriptions[subscription.name]

    def browse(self, queue: Destination, within: float) -> Look:
        """Return what the broker shows of a queue, up to its word that this was all: then it drains the link."""
        self._count += 1
        name = f"browser-{self._count}"
        browsing = Browsing(queue, threading.Event())
        self._wire.submit(partial(self._attach_browser, name, browsing))
        self._answers.wait(f"attach {name}", f"{self._where}: browse {queue}")
        look = browsing.look(within)
        self._wire.submit(lambda: self._browsers[name].link.close())
        self._answers.wait(f"detach {name}", f"{self._where}: end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address that the broker gave a temporary queue of this connection, to which it is subscribed."""
        terms = Terms(destination=Destination(kind=TEMPORARY, name=""))
        self.subscribe(terms)
        link = next(each.link for each in self._subscriptions.values() if each.terms is terms)
        return str(link.remote_source.address)

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Accept messages, in `client` mode with all before them; return ok for each once the broker has read that.

        AMQP does not answer acknowledgements. But a broker reads frames in order, so its answer to a later request, to
        open another session, shows that it has read them.
        """
        found: list[bool] = []
        self._count += 1
        proof = f"proof-{self._count}"

        def settle() -> None:
            found.extend(self._accept(token) for token in tokens)
            session = self._wire.connection.session()
            session.mqlab_proof = proof
            session.open()

        self._wire.submit(settle)
        try:
            self._answers.wait(proof, self._where)
        except (BrokerError, LabTimeout):
            return [SendOutcome.UNKNOWN for _ in tokens]
        return [SendOutcome.OK if each else SendOutcome.FAILED for each in found]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome, ok or failed, is the broker's disposition."""
        octets = encode(message)
        if not self._in_flight.enter(message.id, len(octets)):
            return
        self._waiting.append((message.destination, message.id, octets))
        if not self._send_scheduled:
            self._send_scheduled = True
            self._wire.submit(self._send_waiting)
        self._in_flight.await_room()

    def close(self) -> None:
        """Close the connection; sends in flight are reported unknown."""
        self._closing = True
        self._in_flight.end("the client was closed")
        self._wire.submit(self._wire.connection.close)
        self._wire.thread.join(CLOSE_WITHIN)
        if self._wire.thread.is_alive():
            self._wire.hang_up()
            self._wire.thread.join(CLOSE_WITHIN)

    # What follows runs in the connection's thread.

    def _send_waiting(self) -> None:
        self._send_scheduled = False  # before looking: a send that is added from now on schedules anew
        waiting, tags = self._waiting, self._tags
        while waiting:
            destination, id, octets = waiting.popleft()  # noqa: A001 (its name everywhere)
            outlet = self._outlets.get(destination) or self._open_outlet(destination)
            if outlet.refusal is not None:
                self._in_flight.settle(id, SendOutcome.FAILED, outlet.refusal)
                continue
            tag = tags.take()
            outlet.unanswered[engine.send(outlet.link, tag, octets)] = id, tag

    def _open_outlet(self, destination: Destination) -> Outlet:
        address = amqp_address(destination)
        sender = self._session.sender(f"to-{address}")
        link = engine.pointer(sender)
        outlet = self._outlets[destination] = self._links[link] = Outlet(sender, link)
        sender.source.address = sender.target.address = address
        sender.snd_settle_mode = Link.SND_UNSETTLED
        sender.open()
        return outlet

    def _attach(self, subscription: Subscription) -> None:
        terms = subscription.terms
        link = subscription.link = self._session.receiver(subscription.name)
        self._links[engine.pointer(link)] = subscription
        link.source.dynamic = terms.destination.kind == TEMPORARY
        if not link.source.dynamic:
            link.source.address = link.target.address = amqp_address(terms.destination)
        if terms.durable:
            link.source.durability, link.source.expiry_policy = Terminus.DELIVERIES, Terminus.EXPIRE_NEVER
        if terms.selector is not None:
            link.source.filter.put_dict({symbol("jms-selector"): Described(_SELECTOR_CODE, terms.selector)})
        link.open()
        link.flow(subscription.credit)

    def _attach_browser(self, name: str, browsing: Browsing) -> None:
        link = self._session.receiver(name)
        self._browsers[name] = self._links[engine.pointer(link)] = Browser(link, browsing)
        link.source.address = link.target.address = amqp_address(browsing.queue)
        link.source.distribution_mode = Terminus.DIST_MODE_COPY
        link.open()
        link.drain(BROWSED)

    def _accept(self, token: str) -> bool:
        for subscription in self._subscriptions.values():
            if token in subscription.unsettled:
                covered = [token]
                if subscription.terms.ack == "client":
                    every = list(subscription.unsettled)
                    covered = every[: every.index(token) + 1]
                for each in covered:
                    self._settle(subscription, engine.pointer(subscription.unsettled.pop(each)))
                return True
        return False

    def _settle(self, subscription: Subscription, delivery: Any) -> None:
        """Accept a message, and grant credit again in portions of half."""
        engine.accept(delivery)
        subscription.due += 1
        if 2 * subscription.due >= subscription.credit:
            subscription.link.flow(subscription.due)
            subscription.due = 0

    @guarded
    def _on_event(self, event: Any) -> None:
        heard = self._HANDLERS.get(event.type)
        if heard is not None:
            heard(self, event)

    def _on_opened(self, event: Any) -> None:
        self._session = self._wire.connection.session()
        self._session.open()  # answered only after a login: a refusal has closed the connection before

    def _on_closed(self, event: Any) -> None:
        why = reason_of(self._wire.connection.remote_condition)
        self._answers.give("connect", why)
        self._gone(why)
        self._wire.connection.close()

    def _on_session_opened(self, event: Any) -> None:
        proof = getattr(event.session, "mqlab_proof", None)
        self._answers.give("connect" if proof is None else proof)
        if proof is not None:
            event.session.close()

    def _on_session_closed(self, event: Any) -> None:
        if getattr(event.session, "mqlab_proof", None) is None and not self._closing:
            self._gone(reason_of(event.session.remote_condition))
            self._wire.connection.close()

    def _on_link_opened(self, event: Any) -> None:
        link = event.link
        if link.is_receiver and link.remote_source.address is not None:  # without one, a refusal follows
            self._answers.give(f"attach {link.name}")

    def _on_link_flow(self, event: Any) -> None:
        """Record that a browser's link is drained: the broker shows no more."""
        browser = self._browsers.get(event.link.name)
        if browser is not None and event.link.credit == 0:
            browser.browsing.end()

    def _on_link_closed(self, event: Any) -> None:
        """Record the end of a link: the answer to a detach, or a refusal of its sends or its subscription."""
        link, condition = event.link, event.link.remote_condition
        asked = bool(link.state & End.LOCAL_CLOSED)
        why = reason_of(condition)
        if not asked:
            link.close()
        if link.is_sender:
            outlet = self._links[engine.pointer(link)]
            assert isinstance(outlet, Outlet)
            outlet.refusal = why
            # A refused link has no target. A link that ends later may have unanswered sends.
            refused = link.remote_target.address is None
            outcome = SendOutcome.FAILED if refused else SendOutcome.UNKNOWN
            while outlet.unanswered:
                id, _ = outlet.unanswered.popitem()[1]  # noqa: A001 (its name everywhere)
                self._in_flight.settle(id, outcome, why if refused else f"no acknowledgement came: {why}")
        elif asked and condition is None:
            self._answers.give(f"detach {link.name}")
        else:
            self._answers.give(f"attach {link.name}", why)  # no effect if it had been attached
            self._answers.give(f"detach {link.name}", why)

    def _on_delivery(self, delivery: engine.Pointer) -> None:
        try:
            link = engine.link_of(delivery)
            end = self._links[link]
            if isinstance(end, Outlet):
                self._on_disposition(end, delivery)
            elif (octets := self._inbox.take(link, delivery)) is None:
                return
            elif isinstance(end, Browser):
                engine.accept(delivery)
                body, properties, _ = decode(octets)
                shown = whole(octets, end.browsing.queue)
                message = Incoming(end.browsing.queue, body, properties, retained=False, redelivered=False, shown=shown)
                end.browsing.messages.append(message)
            else:
                self._on_message(end, link, delivery, octets)
        except Exception as error:  # noqa: BLE001 (as `guarded`, which would take longer than the rest)
            self.events.broke(error)

    def _on_disposition(self, outlet: Outlet, delivery: engine.Pointer) -> None:
        state, why = engine.answer(delivery), ""
        if state == engine.ACCEPTED:
            outcome = SendOutcome.OK
        elif state in engine.DECLINED:
            outcome, why = SendOutcome.FAILED, reason_of(engine.wrapped(delivery).remote.condition)
        elif engine.settled(delivery):
            outcome, why = SendOutcome.UNKNOWN, "the broker settled it without a word"
        else:
            return
        known = outlet.unanswered.pop(delivery, None)
        engine.settle(delivery)
        if known is not None:
            self._tags.give_back(known[1])
            self._in_flight.settle(known[0], outcome, why)

    def _on_message(
        self, subscription: Subscription, link: engine.Pointer, delivery: engine.Pointer, octets: bytes
    ) -> None:
        terms, token = subscription.terms, None
        if self._subscriptions.get(subscription.name) is not subscription:
            engine.advance(link)
            return  # arrived during an unsubscribe: it goes back to the broker
        body, properties, redelivered = decode(octets)
        if terms.ack == "auto":
            self._settle(subscription, delivery)
        else:
            engine.advance(link)
            self._count += 1
            token = f"message-{self._count}"
            subscription.unsettled[token] = engine.wrapped(delivery)
        retained = bool(properties and properties.get(_RETAINED))
        back = reply_to(octets) if terms.replies else None
        shown = whole(octets, terms.destination) if terms.whole else None
        self.events.received(Incoming(terms.destination, body, properties, retained, redelivered, token, back, shown))

    def _gone(self, why: str) -> None:
        for browser in tuple(self._browsers.values()):
            browser.browsing.end(whole=browser.browsing.whole)
        super()._gone(why)

    @guarded
    def _on_end(self, reason: str, why: str) -> None:
        if reason:
            self._answers.give("connect", reason)
        self._gone(why)

    _HANDLERS: ClassVar[Mapping[Any, Callable[[AmqpClient, Any], None]]] = {
        Event.CONNECTION_REMOTE_OPEN: _on_opened,
        Event.CONNECTION_REMOTE_CLOSE: _on_closed,
        Event.SESSION_REMOTE_OPEN: _on_session_opened,
        Event.SESSION_REMOTE_CLOSE: _on_session_closed,
        Event.LINK_REMOTE_OPEN: _on_link_opened,
        Event.LINK_FLOW: _on_link_flow,
        Event.LINK_REMOTE_CLOSE: _on_link_closed,
        Event.LINK_REMOTE_DETACH: _on_link_closed,
    }

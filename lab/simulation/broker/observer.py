"""The observer in a simulated broker: it makes the events of docker/broker/observer from the models.

A broker without an observer has None in its place. Each event has the moment at which `ObservingBroker` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256

from lab.activemq.destinations import ADVISORIES, has_wildcard
from lab.activemq.forwarding.filters import covers, parts
from lab.clients.refusals import NOT_AUTHORISED, how
from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen
from lab.runtime.observer_events import Acknowledgement, Event, ProcessChanged
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.destination import Node
from lab.simulation.broker.message import Message
from lab.simulation.broker.session import Refused, Session
from lab.simulation.broker.store import Done
from lab.simulation.broker.subscriptions import Subscription
from lab.simulation.kernel import MILLISECOND, SECOND

CAUSE = "dlqDeliveryFailureCause"  # the property that has the cause of a dead letter
_LARGEST_DIGESTED = 1024 * 1024  # bytes
_STOMP_ADDRESS = "127.0.0.1"  # `ProtocolConverter` gives no other
_OWN = "vm"  # where the broker itself sends; its connections for bridges are vm://tokyo


class Observer:
    """The events of one process of a broker: `ObservingBroker`."""

    def __init__(
        self, patterns: Sequence[str], now: Callable[[], int], tell: Callable[[Event], None], broker: str
    ) -> None:
        self._patterns = tuple(name for pattern in patterns for name in _destinations(pattern))
        self._now, self._tell, self._broker = now, tell, broker
        self._known: dict[str, bool] = {}  # by destination: whether it is observed
        self._consumers: set[str] = set()  # ids of the observed ones
        self._dispatching: Node | None = None  # an acknowledgement of it is the broker's own

    def connected(self, session: Session) -> None:
        """Observe a client that has logged in."""
        self._event(
            ConnectionSeen,
            connection=session.connection,
            state="connected",
            client_id=session.client,
            user=session.user,
            address=_STOMP_ADDRESS if session.connector == "stomp" else session.address,
            over=self._over(session),
        )

    def disconnected(self, session: Session) -> None:
        """Observe the end of a connection."""
        connection, client, error = session.connection, session.client, session.error
        self._event(ConnectionSeen, connection=connection, state="disconnected", client_id=client, error=error)

    def subscribe(self, info: ConsumerInfo, by: Session, add: Callable[[], Subscription]) -> Subscription:
        """Return the subscription that `add` returns; observe it, its messages, and its refusal."""
        if not self._hears(info.destination):
            return add()
        self._subscribed(info, by)
        try:
            subscription = add()
        except Refused as refused:
            self._consumers.discard(info.id)
            self._event(ConsumerSeen, consumer=info.id, state="unsubscribed", error=_error(refused.words))
            raise
        subscription.deliver = partial(self._dispatch, subscription, subscription.deliver)
        subscription.observed = partial(self._acknowledged, subscription)
        return subscription

    def unsubscribed(self, subscription: Subscription) -> None:
        """Observe the end of a consumer."""
        if subscription.info.id in self._consumers:
            self._consumers.discard(subscription.info.id)
            self._event(ConsumerSeen, consumer=subscription.info.id, state="unsubscribed")

    def forgotten(self, client: str, name: str) -> None:
        """Observe that a durable subscription has ended for good."""
        self._event(ConsumerSeen, consumer="", state="forgotten", client_id=client, durable=name)

    def browsed(self, info: ConsumerInfo, messages: Sequence[Message], by: Session) -> None:
        """Observe a browser, which has its messages at once."""
        if self._observes(info.destination):
            self._subscribed(info, by)
            for message in messages:
                of_browser = {"message": message.id, "destination": info.destination, "consumer": info.id}
                self._event(MessageSeen, event="dispatched", **of_browser)
                if by.connector == "stomp":  # `StompSubscription.onMessageDispatch`, with auto
                    self._event(Acknowledgement, kind="all", automatic=True, **of_browser)
            self._consumers.discard(info.id)
            self._event(ConsumerSeen, consumer=info.id, state="unsubscribed")

    def sent(self, message: Message, by: Session, done: Done) -> Done:
        """Return `done` for a message that comes now; the message is observed when it is accepted or refused."""
        if not (self._observes(message.destination) or self._observes(message.original)):
            return done
        at = self._now()

        def observed(refusal: str | None) -> None:
            self._sent(message, at, client=by.client, over=self._over(by), network=by.network, error=_error(refusal))
            done(refusal)

        return observed

    def buried(self, copy: Message, node: Node, consumer: str, cause: str) -> Done:
        """Return the callback for a message whose copy goes to the dead letters now."""
        at = self._now()

        def observed(refusal: str | None) -> None:
            if self._observes(copy.destination) or self._observes(copy.original):
                self._sent(copy, at, over=_OWN, error=_error(refusal))
            self.ended("dead-lettered", node, consumer, cause)

        return observed

    def ended(self, event: str, node: Node, consumer: str, cause: str = "") -> None:
        """Observe that a message has expired, has become a dead letter, or was discarded."""
        if self._observes(node.message.destination) or self._observes(node.message.original):
            self._event(
                MessageSeen,
                event=event,
                message=node.message.id,
                destination=node.message.destination,
                consumer=consumer,
                why=cause and f"Throwable: {cause}",
            )

    def stopped(self) -> None:
        """Observe that the broker has stopped in order."""
        self.process("stopped")

    def process(self, change: str) -> None:
        """Note that the process was `paused`, was `resumed`, or is `halted`."""
        self._event(ProcessChanged, state=change)

    def _dispatch(
        self,
        subscription: Subscription,
        deliver: Callable[[int, Message, bool], None],
        token: int,
        message: Message,
        redelivered: bool,
    ) -> None:
        node = subscription.handed_out(token)
        if self._observes_message(node):
            self._event(
                MessageSeen,
                event="dispatched",
                message=message.id,
                destination=node.destination.name,
                consumer=subscription.info.id,
                retain=message.retained,
                redelivered=node.redeliveries,
            )
        before, self._dispatching = self._dispatching, node
        deliver(token, message, redelivered)
        self._dispatching = before

    def _acknowledged(self, subscription: Subscription, kind: str, node: Node) -> None:
        if subscription.info.id in self._consumers and self._observes_message(node):
            self._event(
                Acknowledgement,
                kind=kind,
                consumer=subscription.info.id,
                destination=node.destination.name,
                message=node.message.id,
                automatic=node is self._dispatching,
            )

    def _subscribed(self, info: ConsumerInfo, by: Session) -> None:
        self._consumers.add(info.id)
        self._event(
            ConsumerSeen,
            consumer=info.id,
            state="subscribed",
            client_id=by.client,
            connection=by.connection,
            user=by.user,
            destination=info.destination,
            selector=info.selector or "",
            durable=info.durable or "",
            over=self._over(by),
            network=info.network or by.network,
            browser=info.browser,
        )

    def _sent(
        self, message: Message, at: int, *, over: str, error: str, client: str = "", network: bool = False
    ) -> None:
        body, stamp = message.body, message.timestamp
        lifetime = None if message.expires is None else round((message.expires - (stamp or 0)) / MILLISECOND)
        digested = not message.encoded and len(body) <= _LARGEST_DIGESTED
        self._event(
            MessageSeen,
            event="sent",
            t=at / SECOND,
            took=(self._now() - at) / SECOND,
            message=message.id,
            destination=message.destination,
            client_id=client,
            over=over,
            network=network,
            persistent=message.persistent,
            retain=message.retain,
            original=message.original,
            correlation=message.properties.get("correlation-id", ""),
            why=error or message.properties.get(CAUSE, ""),
            lifetime=None if lifetime is None else lifetime / 1000,
            bytes=None if message.encoded else len(body),
            digest=sha256(body).hexdigest() if digested else None,
        )

    def _over(self, session: Session) -> str:
        return session.connector or f"{_OWN}://{self._broker}"

    def _observes(self, destination: str) -> bool:
        known = self._known.get(destination)
        if known is None:
            known = self._known[destination] = any(
                covers(pattern, part)
                for part in parts(destination)
                if not part.startswith(ADVISORIES)
                for pattern in self._patterns
            )
        return known

    def _observes_message(self, node: Node) -> bool:
        return self._observes(node.destination.name) or self._observes(node.message.original)

    def _hears(self, destination: str) -> bool:
        """Return whether a consumer is observed; each dispatch decides which messages of its pattern are."""
        return self._observes(destination) or (has_wildcard(destination) and not destination.startswith(ADVISORIES))

    def _event(self, kind: Callable[..., Event], /, **fields: object) -> None:
        self._tell(kind(**({"t": self._now() / SECOND, "broker": self._broker} | fields)))


def _destinations(pattern: str) -> tuple[str, ...]:
    """Return the destinations of a pattern: one without a kind covers queues and topics."""
    kind, colon, name = pattern.partition(":")
    return (f"{kind}://{name}",) if colon else (f"queue://{pattern}", f"topic://{pattern}")


def _error(refusal: str | None) -> str:
    """Return a refusal as an exception in words."""
    if refusal is None:
        return ""
    return f"{'SecurityException' if how(refusal) == NOT_AUTHORISED else 'JMSException'}: {refusal}"

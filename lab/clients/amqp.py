"""An AMQP 1.0 client of either runtime: its requests, its sends, and the acknowledgement of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

from lab.base.dataclass import dataclass
from lab.clients.base import BaseClient, Browsing, Wire
from lab.clients.destination_names import TEMPORARY
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Shown, Terms

# The messages that may arrive unacknowledged if a subscription sets no prefetch: the defaults of ActiveMQ's clients. A
# broker keeps 1000 more for a topic's subscriber, and drops further ones.
PREFETCH, PREFETCH_OF_A_TOPIC = 1000, 32_767
MOST_BROWSED = 65_536  # messages that a browser requests; a broker shows far fewer
SILENCE_SECONDS = 20  # seconds without a frame after which the broker counts as lost


@dataclass(slots=True, eq=False)
class Subscription:
    """A receiving link, and the messages over it that are not acknowledged yet."""

    name: str  # of the link
    terms: Terms
    address: str = ""  # that the broker gave a temporary queue
    unsettled: dict[str, Any] = field(default_factory=dict)  # the wire's delivery, by token, in the order of arrival
    due: int = 0  # credit used up and not yet granted again

    @property
    def credit(self) -> int:
        """Return the number of messages that may arrive before an acknowledgement."""
        terms = self.terms
        usual = PREFETCH_OF_A_TOPIC if terms.destination.kind == "topic" and not terms.durable else PREFETCH
        return usual if terms.prefetch is None else terms.prefetch


class AmqpWire(Wire, Protocol):
    """A connection that carries performatives of AMQP. It answers `attach NAME`, `detach NAME` and each proof."""

    def run(self, work: Callable[[], None]) -> None:
        """Run work where links may be used: at once, or soon in the connection's thread, in the order of the calls."""
        ...

    def attach(self, subscription: Subscription) -> None:
        """Attach a receiving link, with its credit."""
        ...

    def attach_browser(self, name: str, browsing: Browsing) -> None:
        """Attach a receiving link that copies messages, and request all that the queue has now."""
        ...

    def detach(self, name: str) -> None:
        """Detach a receiving link, which ends a durable subscription too."""
        ...

    def prove(self, name: str) -> None:
        """Open another session, which the broker answers once it has read everything before."""
        ...

    def accept(self, subscription: Subscription, delivery: Any) -> None:
        """Accept a message and settle it."""
        ...

    def grant(self, subscription: Subscription, credit: int) -> None:
        """Let more messages arrive."""
        ...

    def encode(self, message: Outgoing) -> tuple[Any, int]:
        """Return a message encoded for `send`, and its size in octets."""
        ...

    def send(self, message: Outgoing, encoded: Any) -> None:
        """Send a message; its outcome is reported to the client's sends in flight."""
        ...


class AmqpClient(BaseClient):
    """One AMQP connection; it never reconnects by itself."""

    wire: AmqpWire

    def __init__(self, wire: AmqpWire, events: ClientEvents, clock: Clock, address: str) -> None:
        super().__init__(wire, events, clock, address)
        self.subscriptions: dict[str, Subscription] = {}  # by the name of the link
        self.browsers: dict[str, Browsing] = {}  # by the name of the link

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has attached the link, named after a durable subscription; `qos` is ignored."""
        self._subscribe(terms)

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the link, and a durable subscription with it."""
        name = next(
            name for name, subscription in self.subscriptions.items() if subscription.terms.destination == destination
        )
        self._detach(name, f"unsubscribe from {destination}")
        del self.subscriptions[name]

    def browse(self, queue: Destination, within: float) -> Look:
        """Return the messages that the broker shows of a queue, until it drains the link."""
        name = self._next("browser")
        browsing = self.browsers[name] = Browsing(queue, self._clock)
        self.wire.attach_browser(name, browsing)
        self.answers.wait(f"attach {name}", f"{self.address}: browse {queue}")
        look = browsing.look(within)
        self._detach(name, f"end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address that the broker gave a temporary queue of this connection, to which it is subscribed."""
        return self._subscribe(Terms(destination=Destination(kind=TEMPORARY, name=""))).address

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Accept messages, in `client` mode with all before them; return ok for each once the broker has read this.

        AMQP does not answer acknowledgements. But a broker reads frames in order, so its answer to a later request, to
        open another session, proves that it has read them.
        """
        accepted: list[bool] = []
        proof = self._next("proof")
        self.wire.run(lambda: accepted.extend(map(self._accept, tokens)))
        self.wire.prove(proof)
        try:
            self.answers.wait(proof, self.address)
        except (BrokerError, LabTimeout):
            return [SendOutcome.UNKNOWN for _ in tokens]
        return [SendOutcome.OK if known else SendOutcome.FAILED for known in accepted]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome, ok or failed, is the broker's disposition."""
        encoded, size = self.wire.encode(message)
        if not self.in_flight.enter(message.id, size):
            return
        self.wire.send(message, encoded)
        self.in_flight.await_room()

    def gone(self, why: str) -> None:
        """End all waits, and report the loss of a connection that was accepted and is not being closed."""
        for browsing in tuple(self.browsers.values()):
            browsing.end(whole=browsing.whole)
        super().gone(why)

    # What follows runs where links may be used.

    def on_message(
        self,
        subscription: Subscription,
        delivery: Any,
        body: bytes,
        properties: Mapping[str, str],
        *,
        retained: bool,
        redelivered: bool,
        reply_to: Destination | None,
        shown: Shown | None,
    ) -> None:
        """Report a message of a subscription, accepted if the subscription accepts by itself."""
        terms, token = subscription.terms, None
        if terms.ack == "auto":
            self._settle(subscription, delivery)
        else:
            token = self._next("message")
            subscription.unsettled[token] = delivery
        self.events.received(
            Incoming(terms.destination, body, properties, retained, redelivered, token, reply_to, shown)
        )

    def _subscribe(self, terms: Terms) -> Subscription:
        name = self._next("subscription")
        subscription = Subscription(terms.destination.name if terms.durable else name, terms)
        self.subscriptions[subscription.name] = subscription
        self.wire.attach(subscription)
        try:
            self.answers.wait(f"attach {subscription.name}", f"{self.address}: subscribe to {terms.destination}")
        except BaseException:
            del self.subscriptions[subscription.name]
            raise
        return subscription

    def _detach(self, name: str, action: str) -> None:
        self.wire.detach(name)
        self.answers.wait(f"detach {name}", f"{self.address}: {action}")

    def _accept(self, token: str) -> bool:
        for subscription in self.subscriptions.values():
            unsettled = subscription.unsettled
            if token in unsettled:
                tokens = list(unsettled)
                covered = tokens[: tokens.index(token) + 1] if subscription.terms.ack == "client" else [token]
                for covered_token in covered:
                    self._settle(subscription, unsettled.pop(covered_token))
                return True
        return False

    def _settle(self, subscription: Subscription, delivery: Any) -> None:
        """Accept a message, and grant credit again in portions of half."""
        self.wire.accept(subscription, delivery)
        subscription.due += 1
        if 2 * subscription.due >= subscription.credit:
            self.wire.grant(subscription, subscription.due)
            subscription.due = 0

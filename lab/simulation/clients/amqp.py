"""An AMQP 1.0 client, as `lab.clients.amqp` is one on proton: its credit, its dispositions, its words."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import field

from lab.clients.base import Browsing
from lab.clients.destination_names import TEMPORARY, amqp_address
from lab.dataclass import dataclass
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Shown, Terms
from lab.simulation.broker.message import Message
from lab.simulation.clients.base import Flag, SimulatedClient, Target
from lab.simulation.kernel import SECOND, Kernel, Timer, cancel
from lab.simulation.protocols.amqp_frames import (
    Attach,
    Attached,
    Authenticate,
    Authenticated,
    Close,
    Detach,
    Disposition,
    Empty,
    Flow,
    Open,
    Transfer,
)
from lab.simulation.tcp.fabric import Fabric

SILENCE = 20 * SECOND  # without a frame: lab.clients.amqp_wire
_SIGN_OF_LIFE = 15 * SECOND  # half of what ActiveMQ asks for: AmqpWireFormat's 30 s
PREFETCH, PREFETCH_OF_A_TOPIC = 1000, 32_767  # as lab.clients.amqp_links
BROWSED = 65_536


@dataclass(slots=True, eq=False)
class _Outlet:
    """A sending link, and what waits for its credit."""

    credit: int = 0
    waiting: deque[Transfer] = field(default_factory=deque)
    unanswered: dict[int, str] = field(default_factory=dict)  # delivery → the message's id
    refusal: str | None = None


@dataclass(slots=True, eq=False)
class _Subscription:
    """A receiving link, and the messages over it that are not acknowledged yet."""

    name: str
    terms: Terms
    address: str = ""
    unsettled: dict[str, int] = field(default_factory=dict)  # token → delivery, in the order of arrival
    due: int = 0  # credit used up and not yet granted again

    @property
    def credit(self) -> int:
        """Return how many messages may arrive before one is acknowledged."""
        terms = self.terms
        usual = PREFETCH_OF_A_TOPIC if terms.destination.kind == "topic" and not terms.durable else PREFETCH
        return usual if terms.prefetch is None else terms.prefetch


class AmqpClient(SimulatedClient):
    """One AMQP connection; it never reconnects by itself."""

    def __init__(self, kernel: Kernel, clock: Clock, fabric: Fabric, target: Target, events: ClientEvents) -> None:
        self._outlets: dict[str, _Outlet] = {}  # by the name of the link
        self._subscriptions: dict[str, _Subscription] = {}
        self._browsers: dict[str, Browsing] = {}
        self._count = self._delivery = 0
        self._container = target.client_id
        self._ticks: list[Timer] = []
        super().__init__(kernel, clock, fabric, target, events, "AMQP")
        self._log_in(target, Authenticate(target.user, target.password))
        self._ticks = [kernel.after(SILENCE, self._look), kernel.after(_SIGN_OF_LIFE, self._show)]

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has attached the link, named after a durable subscription; `qos` is ignored."""
        self._attach(terms)

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the link, and a durable subscription with it."""
        subscription = next(each for each in self._subscriptions.values() if each.terms.destination == destination)
        self._detach(subscription.name, f"{self._where}: unsubscribe from {destination}")
        del self._subscriptions[subscription.name]

    def browse(self, queue: Destination, within: float) -> Look:
        """Return what the broker shows of a queue, up to its word that this was all: then it drains the link."""
        self._count += 1
        name = f"browser-{self._count}"
        browsing = self._browsers[name] = Browsing(queue, Flag(self.clock))
        self.send(Attach(name, amqp_address(queue), receives=True, copies=True))
        self._answers.wait(f"attach {name}", f"{self._where}: browse {queue}")
        self.send(Flow(name, BROWSED, drain=True))
        look = browsing.look(within)
        self._detach(name, f"{self._where}: end the browser of {queue}")
        return look

    def temporary(self) -> str:
        """Return the address that the broker gave a temporary queue of this connection, to which it is subscribed."""
        return self._attach(Terms(destination=Destination(kind=TEMPORARY, name=""))).address

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Accept messages, in `client` mode with all before them; return ok for each once the broker has read that.

        The proof is its answer to a later request, to open another session.
        """
        self._count += 1
        proof = f"proof-{self._count}"
        found = [self._accept(token) for token in tokens]
        self.send(Open(name=proof))
        try:
            self._answers.wait(proof, self._where)
        except (BrokerError, LabTimeout):
            return [SendOutcome.UNKNOWN for _ in tokens]
        return [SendOutcome.OK if each else SendOutcome.FAILED for each in found]

    def publish(self, message: Outgoing) -> None:
        """Send a message; its outcome, ok or failed, is the broker's disposition."""
        self._delivery += 1
        address = amqp_address(message.destination)
        name = f"to-{address}"
        transfer = Transfer(name, self._delivery, self._message(message, address))
        if not self._in_flight.enter(message.id, transfer.octets()):
            return
        outlet = self._outlets.get(name)
        if outlet is None:
            outlet = self._outlets[name] = _Outlet()
            self.send(Attach(name, address, receives=False))
        if outlet.refusal is not None:
            self._in_flight.settle(message.id, SendOutcome.FAILED, outlet.refusal)
        else:
            outlet.unanswered[self._delivery] = message.id
            outlet.waiting.append(transfer)
            self._pump(outlet)
        self._in_flight.await_room()

    def close(self) -> None:
        """Close the connection; sends in flight are reported unknown."""
        self._hang_up(Close())
        self._stop_ticking()

    def on_frame(self, frame: object) -> None:
        """Take a frame."""
        match frame:
            case Transfer():
                self._on_message(frame)
            case Disposition():
                self._on_disposition(frame)
            case Flow():
                self._on_flow(frame)
            case Open(name=name):
                self._answers.give(name or "connect")
            case Attached():
                self._on_attached(frame)
            case Detach():
                self._on_detached(frame)
            case Authenticated(ok=ok):
                self._on_authenticated(ok=ok)
            case Close(refusal=why):
                self._answers.give("connect", why)
                self._gone(why or "the broker gave no reason")

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._stop_ticking()
        super().closed(why)

    def _attach(self, terms: Terms) -> _Subscription:
        self._count += 1
        name = terms.destination.name if terms.durable else f"subscription-{self._count}"
        subscription = self._subscriptions[name] = _Subscription(name, terms)
        dynamic = terms.destination.kind == TEMPORARY
        address = "" if dynamic else amqp_address(terms.destination)
        asked = Attach(name, address, receives=True, durable=terms.durable, selector=terms.selector, dynamic=dynamic)
        self.send(asked)
        self.send(Flow(name, subscription.credit))
        try:
            self._answers.wait(f"attach {name}", f"{self._where}: subscribe to {terms.destination}")
        except BaseException:
            del self._subscriptions[name]
            raise
        return subscription

    def _detach(self, name: str, what: str) -> None:
        self.send(Detach(name))
        self._answers.wait(f"detach {name}", what)

    def _on_authenticated(self, *, ok: bool) -> None:
        if ok:
            self.send(Open(self._container))
        else:
            self._answers.give("connect", "wrong user or password")

    def _message(self, message: Outgoing, address: str) -> Message:
        expires = None if message.expiry is None else self.kernel.now + round(message.expiry * SECOND)
        return Message(
            id=message.id,
            destination=address,
            body=message.body,
            properties=dict(message.headers),
            persistent=message.persistent,
            priority=4 if message.priority is None else message.priority,
            expires=expires,
            group=message.group,
            reply_to=message.reply_to,
        )

    def _pump(self, outlet: _Outlet) -> None:
        while outlet.waiting and outlet.credit > 0:
            outlet.credit -= 1
            self.send(outlet.waiting.popleft())

    def _accept(self, token: str) -> bool:
        for subscription in self._subscriptions.values():
            if token in subscription.unsettled:
                every = list(subscription.unsettled)
                covered = every[: every.index(token) + 1] if subscription.terms.ack == "client" else [token]
                for each in covered:
                    self._settle(subscription, subscription.unsettled.pop(each))
                return True
        return False

    def _settle(self, subscription: _Subscription, delivery: int) -> None:
        """Accept a message, and grant credit again in portions of half."""
        self.send(Disposition(subscription.name, delivery))
        subscription.due += 1
        if 2 * subscription.due >= subscription.credit:
            self.send(Flow(subscription.name, subscription.due))
            subscription.due = 0

    def _on_message(self, frame: Transfer) -> None:
        message = frame.message
        if (browsing := self._browsers.get(frame.name)) is not None:
            its, shown = message.properties, self._shown(message)
            browsing.messages.append(Incoming(browsing.queue, message.body, its, False, False, shown=shown))
            return
        subscription = self._subscriptions.get(frame.name)
        if subscription is None:
            return  # arrived during an unsubscribe: it goes back to the broker
        terms, token = subscription.terms, None
        if terms.ack == "auto":
            self._settle(subscription, frame.delivery)
        else:
            self._count += 1
            token = f"message-{self._count}"
            subscription.unsettled[token] = frame.delivery
        back = Destination.of(message.reply_to) if terms.replies and message.reply_to else None
        properties = message.properties
        self.events.received(
            Incoming(
                terms.destination,
                message.body,
                properties,
                message.retained,
                frame.redelivered,
                token,
                back,
                self._shown(message) if terms.whole else None,
            )
        )

    def _shown(self, message: Message) -> Shown:
        return Shown(
            Destination.of(message.destination),
            message.properties,
            persistent=message.persistent,
            priority=message.priority,
            expiry=None if message.expires is None else max((message.expires - self.kernel.now) / SECOND, 0.001),
            group=message.group,
            type="bytes",
            id=message.id,
        )

    def _on_disposition(self, frame: Disposition) -> None:
        sent = self._outlets[frame.name].unanswered.pop(frame.delivery, None)
        if sent is not None:
            self._in_flight.settle(sent, SendOutcome.FAILED if frame.refusal else SendOutcome.OK, frame.refusal)

    def _on_flow(self, frame: Flow) -> None:
        if (browsing := self._browsers.get(frame.name)) is not None:
            browsing.end()
        elif (outlet := self._outlets.get(frame.name)) is not None:
            outlet.credit += frame.credit
            self._pump(outlet)

    def _on_attached(self, frame: Attached) -> None:
        if (subscription := self._subscriptions.get(frame.name)) is not None:
            subscription.address = frame.address
        self._answers.give(f"attach {frame.name}")

    def _on_detached(self, frame: Detach) -> None:
        if (outlet := self._outlets.get(frame.name)) is not None:
            outlet.refusal = frame.refusal
            for sent in tuple(outlet.unanswered.values()):
                self._in_flight.settle(sent, SendOutcome.FAILED, frame.refusal)
            outlet.unanswered.clear()
            return
        if frame.refusal:
            self._answers.give(f"attach {frame.name}", frame.refusal)
        self._answers.give(f"detach {frame.name}", frame.refusal)

    def _look(self) -> None:
        """Take the broker for gone if no frame came for too long."""
        if self._connection is None or self._in_flight.gone is not None:
            return
        ends = self._connection.heard + SILENCE
        if self.kernel.now >= ends:
            self._connection.abort()
            self._gone("local-idle-timeout expired")
        else:
            self._ticks[0] = self.kernel.at(ends, self._look)

    def _show(self) -> None:
        """Send a sign of life."""
        if self._in_flight.gone is None:
            self.send(Empty())
            self._ticks[1] = self.kernel.after(_SIGN_OF_LIFE, self._show)

    def _gone(self, why: str) -> None:
        for browsing in tuple(self._browsers.values()):
            browsing.end(whole=browsing.whole)
        super()._gone(why)

    def _stop_ticking(self) -> None:
        for each in self._ticks:
            cancel(each)

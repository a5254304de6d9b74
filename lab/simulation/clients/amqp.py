"""The wire of a simulated AMQP client, with links and dispositions: `lab.clients.amqp_wire` is the real one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field

from lab.base.dataclass import dataclass
from lab.clients.amqp import MOST_BROWSED, SILENCE_SECONDS, AmqpClient, Subscription
from lab.clients.base import Browsing
from lab.clients.destination_names import TEMPORARY, amqp_address
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.messages import Destination, Incoming, Outgoing, Shown
from lab.simulation.broker.message import Message
from lab.simulation.clients.base import Access, SimulatedWire
from lab.simulation.kernel import SECOND
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

_SIGN_OF_LIFE = 15 * SECOND  # ns between two empty frames: half of the 30 s of ActiveMQ's AmqpWireFormat


@dataclass(slots=True, eq=False)
class _Outlet:
    """A sending link, and the messages that wait for its credit."""

    credit: int = 0
    waiting: deque[Transfer] = field(default_factory=deque)
    unanswered: dict[int, str] = field(default_factory=dict)  # the message's id, by delivery
    refusal: str | None = None


class AmqpWire(SimulatedWire):
    """The wire of an AmqpClient."""

    client: AmqpClient

    def __init__(self, at: Access) -> None:
        super().__init__(at, "AMQP")
        self._outlets: dict[str, _Outlet] = {}  # by the name of the link
        self._delivery = 0

    def log_in(self) -> None:
        """Send the login."""
        self.send_frame(Authenticate(self.target.user, self.target.password))

    def run(self, work: Callable[[], None]) -> None:
        """Run work at once."""
        work()

    def attach(self, subscription: Subscription) -> None:
        """Attach a receiving link, with its credit."""
        name, terms = subscription.name, subscription.terms
        dynamic = terms.destination.kind == TEMPORARY
        address = "" if dynamic else amqp_address(terms.destination)
        self.send_frame(
            Attach(name, address, receives=True, durable=terms.durable, selector=terms.selector, dynamic=dynamic)
        )
        self.grant(subscription, subscription.credit)

    def attach_browser(self, name: str, browsing: Browsing) -> None:
        """Attach a receiving link that copies messages, and once it is attached request all that the queue has."""
        self.send_frame(Attach(name, amqp_address(browsing.queue), receives=True, copies=True))

    def detach(self, name: str) -> None:
        """Detach a link."""
        self.send_frame(Detach(name))

    def prove(self, name: str) -> None:
        """Open another session, which the broker answers once it has read everything before."""
        self.send_frame(Open(name=name))

    def accept(self, subscription: Subscription, delivery: int) -> None:
        """Accept a message and settle it."""
        self.send_frame(Disposition(subscription.name, delivery))

    def grant(self, subscription: Subscription, credit: int) -> None:
        """Let more messages arrive."""
        self.send_frame(Flow(subscription.name, credit))

    def encode(self, message: Outgoing) -> tuple[Transfer, int]:
        """Return the frame of a message, and its size."""
        self._delivery += 1
        address = amqp_address(message.destination)
        expires = None if message.expiry is None else self.kernel.now + round(message.expiry * SECOND)
        sent = Message(
            id=message.id,
            destination=address,
            body=message.body,
            properties=dict(message.headers),
            persistent=message.persistent,
            priority=4 if message.priority is None else message.priority,
            expires=expires,
            group=message.group,
            reply_to=message.reply_to,
            encoded=True,
        )
        transfer = Transfer(f"to-{address}", self._delivery, sent)
        return transfer, transfer.octets()

    def send(self, message: Outgoing, encoded: Transfer) -> None:
        """Send a message once there is credit."""
        name = encoded.name
        outlet = self._outlets.get(name)
        if outlet is None:
            outlet = self._outlets[name] = _Outlet()
            self.send_frame(Attach(name, encoded.message.destination, receives=False))
        if outlet.refusal is not None:
            self.client.in_flight.settle(message.id, SendOutcome.FAILED, outlet.refusal)
        else:
            outlet.unanswered[encoded.delivery] = message.id
            outlet.waiting.append(encoded)
            self._pump(outlet)

    def close(self) -> None:
        """Send Close and close."""
        self._hang_up(Close())

    def on_frame(self, frame: object) -> None:
        """Take a frame."""
        answers = self.client.answers
        match frame:
            case Transfer():
                self._on_message(frame)
            case Disposition():
                self._on_disposition(frame)
            case Flow():
                self._on_flow(frame)
            case Open(name=name):
                answers.give(name or "connect")
            case Attached():
                if (subscription := self.client.subscriptions.get(frame.name)) is not None:
                    subscription.address = frame.address
                elif frame.name in self.client.browsers:
                    self.send_frame(Flow(frame.name, MOST_BROWSED, drain=True))
                answers.give(f"attach {frame.name}")
            case Detach():
                self._on_detached(frame)
            case Authenticated(ok=True):
                self.send_frame(Open(self.target.client_id))
            case Authenticated():
                answers.give("connect", "wrong user or password")
            case Close(refusal=why):
                answers.give("connect", why)
                self.client.gone(why or "the broker gave no reason")

    def show_life(self) -> None:
        """Send an empty frame from time to time."""
        self._ticks.append(self.kernel.after(_SIGN_OF_LIFE, self._show_life, len(self._ticks)))

    def _show_life(self, tick: int) -> None:
        if self.client.in_flight.gone is None:
            self.send_frame(Empty())
            self._ticks[tick] = self.kernel.after(_SIGN_OF_LIFE, self._show_life, tick)

    def _pump(self, outlet: _Outlet) -> None:
        while outlet.waiting and outlet.credit > 0:
            outlet.credit -= 1
            self.send_frame(outlet.waiting.popleft())

    def _on_message(self, frame: Transfer) -> None:
        client, message = self.client, frame.message
        if (browsing := client.browsers.get(frame.name)) is not None:
            body, properties, shown = message.body, message.properties, self._shown(message)
            browsing.messages.append(Incoming(browsing.queue, body, properties, False, False, shown=shown))
            return
        subscription = client.subscriptions.get(frame.name)
        if subscription is None:
            return  # arrived during an unsubscribe: it goes back to the broker
        terms = subscription.terms
        client.on_message(
            subscription,
            frame.delivery,
            message.body,
            message.properties,
            retained=message.retained,
            redelivered=frame.redelivered,
            reply_to=Destination.of(message.reply_to) if terms.replies and message.reply_to else None,
            shown=self._shown(message) if terms.whole else None,
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
        id = self._outlets[frame.name].unanswered.pop(frame.delivery, None)  # noqa: A001 (its name everywhere)
        if id is not None:
            outcome = SendOutcome.FAILED if frame.refusal else SendOutcome.OK
            self.client.in_flight.settle(id, outcome, frame.refusal)

    def _on_flow(self, frame: Flow) -> None:
        if (browsing := self.client.browsers.get(frame.name)) is not None:
            browsing.end()
        elif (outlet := self._outlets.get(frame.name)) is not None:
            outlet.credit += frame.credit
            self._pump(outlet)

    def _on_detached(self, frame: Detach) -> None:
        if (outlet := self._outlets.get(frame.name)) is not None:
            outlet.refusal = frame.refusal
            for id in tuple(outlet.unanswered.values()):  # noqa: A001 (its name everywhere)
                self.client.in_flight.settle(id, SendOutcome.FAILED, frame.refusal)
            outlet.unanswered.clear()
            return
        if frame.refusal:
            self.client.answers.give(f"attach {frame.name}", frame.refusal)
        self.client.answers.give(f"detach {frame.name}", frame.refusal)


def connect(at: Access, events: ClientEvents) -> AmqpClient:
    """Return a client that is connected and logged in."""
    wire = AmqpWire(at)
    wire.client = AmqpClient(wire, events, at.clock, wire.address)
    wire.open()
    wire.client.log_in(at.target.within)
    wire.watch(SILENCE_SECONDS * SECOND, "local-idle-timeout expired")
    wire.show_life()
    return wire.client

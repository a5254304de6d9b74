"""The broker's side of AMQP 1.0: `AmqpConnection`, `AmqpSession`, `AmqpReceiver` and `AmqpSender`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from functools import partial

from lab.activemq.forwarding.filters import parts
from lab.base.dataclass import dataclass
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.session import Refused
from lab.simulation.broker.subscriptions import Subscription
from lab.simulation.kernel import SECOND, Timer, cancel
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
from lab.simulation.protocols.session import BrokerSide, Sessions
from lab.simulation.tcp.connection import Connection

PRODUCER_CREDIT = 1000  # `AmqpWireFormat.DEFAULT_PRODUCER_CREDIT`
_LOW, _MORE = 0.3, 0.7  # of it: when an `AmqpReceiver` grants again, and how much
_SIGN_OF_LIFE = 10 * SECOND  # half of what the lab's clients ask for


@dataclass(slots=True, eq=False)
class _Receiver:
    """A link over which the client sends."""

    ends: tuple[
        Callable[[], None], ...
    ]  # of the producers that the broker knows: one for each part of a composite name
    credit: int = PRODUCER_CREDIT
    in_flight: int = 0


@dataclass(slots=True, eq=False)
class _Sender:
    """A link over which the client receives."""

    destination: str
    durable: bool
    unsettled: dict[int, int] = field(default_factory=dict)  # delivery → token
    subscription: Subscription | None = None


class AmqpSide(BrokerSide):
    """One AMQP client's connection, at the broker."""

    def __init__(self, sessions: Sessions, connection: Connection, connector: str) -> None:
        super().__init__(sessions, connection, connector)
        self._user = self._password = ""
        self._receivers: dict[str, _Receiver] = {}
        self._senders: dict[str, _Sender] = {}
        self._delivery = 0
        self._beat: Timer | None = None

    def received(self, frame: object) -> None:
        """Take a frame."""
        if self.ended:
            return
        match frame:
            case Transfer():
                self._on_transfer(frame)
            case Disposition():
                self._on_disposition(frame)
            case Flow():
                self._on_flow(frame)
            case Attach():
                self._on_attach(frame)
            case Detach():
                self._on_detach(frame)
            case Open(name=name) if name:
                self.send(frame)
            case Open():
                self._on_open(frame)
            case Authenticate():
                self._on_authenticate(frame)
            case Close():
                self.send(Close())
                self.close()

    def _on_authenticate(self, frame: Authenticate) -> None:
        """Check the password before anything else: `AmqpAuthenticator`, which logs nothing of a wrong one."""
        self._user, self._password = frame.user, frame.password
        ok = bool(frame.password) and self.broker.password(frame.user) == frame.password
        self.send(Authenticated(ok))
        if not ok:
            self.close()

    def _on_open(self, frame: Open) -> None:
        try:
            self.session = self.broker.login(
                self._user,
                self._password,
                frame.container,
                self.address,
                ended=self._expelled,
                connector=self.connector,
                connection=self.name,
            )
        except Refused as refusal:
            self.send(Close(refusal.words))
            self.close()
            return
        self.send(Open(self.broker.name))
        self._beat = self.process.after(_SIGN_OF_LIFE, self._on_beat)

    def _on_beat(self) -> None:
        if self.ended:
            return
        if not self.spoke:
            self.send(Empty())
        self.spoke = False
        self._beat = self.process.after(_SIGN_OF_LIFE, self._on_beat)

    def _expelled(self, reason: str) -> None:
        if not self.ended:
            self.send(Close(reason))
            self._end()
            self.connection.close()

    def _on_attach(self, frame: Attach) -> None:
        try:
            if not frame.receives:
                by = self._logged_in()
                ends = tuple(self.broker.produce(part, by=by) for part in parts(frame.address))
                self._receivers[frame.name] = _Receiver(ends)
                self.send(Attached(frame.name, frame.address))
                self.send(Flow(frame.name, PRODUCER_CREDIT))
                return
            address = frame.address
            if frame.dynamic:
                address = self.broker.create_temporary("temp-queue", by=self._logged_in())
            if frame.copies:
                self._senders[frame.name] = _Sender(address, durable=False)
                self.broker.browse(address, by=self._logged_in())  # refused, if it may not
            else:
                self._subscribe(frame, address)
        except Refused as refusal:
            self._senders.pop(frame.name, None)
            self.send(Detach(frame.name, refusal.words))
            return
        self.send(Attached(frame.name, address))

    def _subscribe(self, frame: Attach, address: str) -> None:
        session = self._logged_in()
        durable = frame.durable and address.startswith("topic://")
        mine = _Sender(address, durable)
        info = ConsumerInfo(
            id=self.next_consumer(),
            client=session.client,
            destination=address,
            selector=frame.selector,
            prefetch=0,  # credit comes with the first flow
            durable=frame.name if durable else None,
        )
        mine.subscription = self.broker.subscribe(info, partial(self._deliver, frame.name, mine), by=session)
        self._senders[frame.name] = mine

    def _on_flow(self, frame: Flow) -> None:
        sender = self._senders.get(frame.name)
        if sender is None:
            return
        if sender.subscription is not None:
            sender.subscription.grant(frame.credit)
            return
        shown = self.broker.browse(sender.destination, by=self._logged_in(), consumer=self.next_consumer())
        for message in shown[: frame.credit]:
            self._delivery += 1
            self.send(Transfer(frame.name, self._delivery, message))
        self.send(Flow(frame.name, 0, drain=True))

    def _deliver(self, name: str, to: _Sender, token: int, message: Message, redelivered: bool) -> None:
        if self.ended or to.subscription is None:
            return
        self._delivery += 1
        to.unsettled[self._delivery] = token
        self.send(Transfer(name, self._delivery, message, redelivered))

    def _on_disposition(self, frame: Disposition) -> None:
        sender = self._senders.get(frame.name)
        if sender is None or sender.subscription is None:
            return
        token = sender.unsettled.pop(frame.delivery, None)
        if token is not None:
            sender.subscription.acknowledge(token)

    def _on_transfer(self, frame: Transfer) -> None:
        receiver = self._receivers.get(frame.name)
        if receiver is None or self.session is None:
            return
        receiver.credit -= 1
        receiver.in_flight += 1
        message = frame.message
        message.id = self.next_message()
        self.broker.send(message, partial(self._on_stored, frame, receiver), self.session)

    def _on_stored(self, frame: Transfer, to: _Receiver, refusal: str | None) -> None:
        """Settle a send, and grant credit when little is left: `createResponseHandler`."""
        if self.ended:
            return
        self.send(Disposition(frame.name, frame.delivery, refusal or ""))
        to.in_flight -= 1
        if to.credit + to.in_flight <= PRODUCER_CREDIT * _LOW:
            more = int(PRODUCER_CREDIT * _MORE)
            to.credit += more
            self.send(Flow(frame.name, more))

    def _on_detach(self, frame: Detach) -> None:
        """End a link, and with it a durable subscription: `AmqpSender.close`.

        Unsettled messages go back without a mark: the broker learns the last settled message.
        """
        if (receiver := self._receivers.pop(frame.name, None)) is not None:
            for end in receiver.ends:
                end()
        sender = self._senders.pop(frame.name, None)
        if sender is not None and sender.subscription is not None:
            sender.subscription.close(redelivered=False)
            if sender.durable and self.session is not None:
                with suppress(Refused):
                    self.broker.forget(self.session.client, frame.name, by=self.session)
        self.send(Detach(frame.name))

    def _end(self) -> None:
        super()._end()
        if self._beat is not None:
            cancel(self._beat)

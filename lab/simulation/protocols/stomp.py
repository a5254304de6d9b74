"""The broker's side of STOMP 1.2: `ProtocolConverter`, `StompSubscription`, `FrameTranslator`."""

from __future__ import annotations

from dataclasses import field
from functools import partial

from lab.base.dataclass import dataclass
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.sentences import security_error
from lab.simulation.broker.session import Refused
from lab.simulation.broker.subscriptions import Subscription
from lab.simulation.broker.virtual_destinations import NAMELESS
from lab.simulation.kernel import MILLISECOND, Timer, cancel
from lab.simulation.protocols import sentences
from lab.simulation.protocols.session import BrokerSide, Sessions, is_security
from lab.simulation.protocols.stomp_frames import BEAT, StompFrame, activemq_destination, stomp_name
from lab.simulation.tcp.connection import Connection

QUEUE_PREFETCH, TOPIC_PREFETCH, DURABLE_PREFETCH = 1000, 32_767, 100  # ActiveMQPrefetchPolicy's defaults
_TEMPORARY = "/temp-queue/"
_ERRORS = {"closed": "EOFException: null", "reset": "SocketException: Connection reset"}  # of a lost connection
_QOS = "ActiveMQ.MQTT.QoS"  # an MQTT message's property
_NO_PROPERTIES = frozenset(  # headers that a message has as such: `copyStandardHeadersFromFrameToMessage`
    ("destination", "receipt", "expires", "priority", "persistent", "reply-to", "JMSXGroupID", "content-length")
)


class _Invalid(Exception):
    """A ProtocolException."""


@dataclass(slots=True, eq=False)
class _Subscribed:
    """A subscription of a STOMP client."""

    ack: str
    unacknowledged: dict[str, int] = field(default_factory=dict)  # ack id → token, in order
    subscription: Subscription | None = None


class StompSide(BrokerSide):
    """One STOMP client's connection, at the broker."""

    def __init__(self, sessions: Sessions, connection: Connection, connector: str, *, web_socket: bool = False) -> None:
        super().__init__(sessions, connection, connector, web_socket=web_socket)
        self._subscriptions: dict[str, _Subscribed] = {}  # by the client's name of it
        self._of_ack: dict[str, _Subscribed] = {}
        self._temporaries: dict[str, str] = {}  # as the client names them → the broker's name
        self._acks = 0
        self._beat: Timer | None = None

    def closed(self, why: str) -> None:
        """End the session, since the connection has ended without a DISCONNECT."""
        if self.session is not None:
            self.session.error = _ERRORS.get(why, "")
        super().closed(why)

    def received(self, frame: object) -> None:
        """Take a frame."""
        if self.ended or not isinstance(frame, StompFrame) or not frame.command:
            return
        try:
            match frame.command:
                case "SEND":
                    self._on_send(frame)
                case "ACK":
                    self._on_ack(frame)
                case "SUBSCRIBE":
                    self._on_subscribe(frame)
                case "UNSUBSCRIBE":
                    self._on_unsubscribe(frame)
                case "CONNECT":
                    self._on_connect(frame)
                case _:
                    self._receipt(frame)  # DISCONNECT
                    self.close()
        except Refused as refusal:
            self._error(frame, refusal.words, _kind(refusal.words))
        except _Invalid as error:
            self._error(frame, str(error), "org.apache.activemq.transport.stomp.ProtocolException")

    def _on_connect(self, frame: StompFrame) -> None:
        headers = frame.headers
        client = headers.get("client-id", self.name)
        try:
            self.session = self.broker.login(
                headers.get("login", ""),
                headers.get("passcode", ""),
                client,
                self.address,
                ended=self._expelled,
                connector=self.connector,
                connection=self.name,
            )
        except Refused as refusal:
            if is_security(refusal.words):
                self.say(security_error(self.address, refusal.words))
            self._error(frame, refusal.words, _kind(refusal.words), client=client)
            self.say(sentences.transport_failed(self.address, refusal.words))
            self.close()
            return
        beats = int(headers.get("heart-beat", "0,0").partition(",")[2])
        self.send(StompFrame("CONNECTED", {"version": "1.2", "session": client, "heart-beat": f"{beats},0"}))
        if beats:
            self._beat = self.process.after(beats * MILLISECOND, self._on_beat, beats * MILLISECOND)

    def _on_beat(self, every: int) -> None:
        """Send a heartbeat if nothing was sent since the last tick: `StompInactivityMonitor`."""
        if self.ended:
            return
        if not self.spoke:
            self.send(BEAT)
        self.spoke = False
        self._beat = self.process.after(every, self._on_beat, every)

    def _expelled(self, reason: str) -> None:
        if not self.ended:
            self._end()
            self.connection.close()

    def _on_send(self, frame: StompFrame) -> None:
        session = self._logged_in()
        headers = frame.headers
        destination = self._destination(headers.get("destination", ""))
        reply_to = headers.get("reply-to")
        message = Message(  # by their places, which costs half as much as by their names
            self.next_message(),
            destination,
            frame.body,
            {name: value for name, value in headers.items() if name not in _NO_PROPERTIES},
            headers.get("persistent") == "true",
            int(headers["priority"]) if "priority" in headers else 4,
            int(headers["expires"]) * MILLISECOND if headers.get("expires", "0") != "0" else None,
            headers.get("JMSXGroupID"),
            None if reply_to is None else self._destination(reply_to),
        )
        self.broker.send(message, partial(self._on_stored, frame), session)

    def _on_stored(self, frame: StompFrame, refusal: str | None) -> None:
        if self.ended:
            return
        if refusal is None:
            self._receipt(frame)
            return
        self._error(frame, refusal, _kind(refusal))

    def _on_subscribe(self, frame: StompFrame) -> None:
        session, headers = self._logged_in(), frame.headers
        destination = self._destination(headers.get("destination", ""))
        name, durable = headers["id"], headers.get("activemq.subscriptionName")
        if headers.get("browser") == "true":
            self._browse(frame, name, destination)
            return
        queue = "queue" in destination.partition("://")[0]
        if queue and durable is not None:
            raise _Invalid("Invalid Subscription: cannot durably subscribe to a Queue destination!")
        usual = QUEUE_PREFETCH if queue else TOPIC_PREFETCH if durable is None else DURABLE_PREFETCH
        mine = self._subscriptions[name] = _Subscribed(headers.get("ack", "auto"))
        info = ConsumerInfo(
            id=self.next_consumer(),
            client=session.client,
            destination=destination,
            selector=headers.get("selector"),
            prefetch=int(headers.get("activemq.prefetchSize", usual)),
            durable=durable,
        )
        try:
            mine.subscription = self.broker.subscribe(info, partial(self._deliver, name, mine), by=session)
        except Refused:
            del self._subscriptions[name]
            raise
        self._receipt(frame)

    def _browse(self, frame: StompFrame, name: str, queue: str) -> None:
        """Show a queue, and then its end: `StompQueueBrowserSubscription`."""
        shown = self.broker.browse(queue, by=self._logged_in(), consumer=self.next_consumer())
        self._subscriptions[name] = _Subscribed("auto")
        self._receipt(frame)
        for message in shown:
            self.send(StompFrame("MESSAGE", self._headers(name, message), message.body))
        end = {"subscription": name, "destination": stomp_name(queue), "browser": "end"}
        self.send(StompFrame("MESSAGE", end))

    def _deliver(self, name: str, to: _Subscribed, token: int, message: Message, redelivered: bool) -> None:
        if self.ended or to.subscription is None:
            return
        headers = self._headers(name, message)
        if redelivered:
            headers["redelivered"] = "true"
        if to.ack == "auto":
            to.subscription.acknowledge(token)  # before the client has it: `onMessageDispatch`
        else:
            self._acks += 1
            headers["ack"] = ack = f"{self.name}-{self._acks}"
            to.unacknowledged[ack] = token
            self._of_ack[ack] = to
        self.send(StompFrame("MESSAGE", headers, message.body))

    def _headers(self, name: str, message: Message) -> dict[str, str]:
        """Return a message's headers: `copyStandardHeadersFromMessageToFrame`."""
        headers = {
            "subscription": name,
            "message-id": message.id,
            "destination": stomp_name(message.destination),
            "timestamp": "0000000000000",
            "expires": "0" if message.expires is None else str(message.expires // MILLISECOND),
            "priority": f"{message.priority}",
            **message.properties,
        }
        if message.persistent:
            headers["persistent"] = "true"
        if message.reply_to is not None:
            headers["reply-to"] = stomp_name(message.reply_to)
        if message.group is not None:
            headers["JMSXGroupID"] = message.group
        if message.qos is not None:
            headers[_QOS] = str(message.qos)
        return headers

    def _on_ack(self, frame: StompFrame) -> None:
        """Settle a message, in client mode with all before it: `onStompMessageAck`."""
        ack = frame.headers.get("id", "")
        of = self._of_ack.get(ack)
        if of is None or of.subscription is None:
            raise _Invalid(f"Unexpected ACK received for message-id [{None}]")
        every = list(of.unacknowledged)
        for each in every[: every.index(ack) + 1] if of.ack == "client" else (ack,):
            del self._of_ack[each]
            of.subscription.acknowledge(of.unacknowledged.pop(each))
        self._receipt(frame)

    def _on_unsubscribe(self, frame: StompFrame) -> None:
        session, durable = self._logged_in(), frame.headers.get("activemq.subscriptionName")
        if durable is not None:
            self.broker.forget(session.client, durable, by=session)
            self._receipt(frame)
            return
        gone = self._subscriptions.pop(frame.headers.get("id", ""), None)
        if gone is None:
            raise _Invalid("No subscription matched.")
        for ack in gone.unacknowledged:
            del self._of_ack[ack]
        if gone.subscription is not None:
            gone.subscription.close()
        self._receipt(frame)

    def _destination(self, written: str) -> str:
        """Return ActiveMQ's name; a temporary queue is made when it is first named: `convertDestination`."""
        if written.startswith(_TEMPORARY):
            if written not in self._temporaries:
                self._temporaries[written] = self.broker.create_temporary("temp-queue", by=self._logged_in())
            return self._temporaries[written]
        found = activemq_destination(written)
        if found is None:
            raise _Invalid(f"Illegal destination name: [{written}] -- ActiveMQ STOMP destinations must begin with …")
        return found

    def _receipt(self, frame: StompFrame) -> None:
        receipt = frame.headers.get("receipt")
        if receipt is not None:
            self.send(StompFrame("RECEIPT", {"receipt-id": receipt}))

    def _error(self, frame: StompFrame, message: str, kind: str, client: str = "") -> None:
        """Send the client an ERROR frame, and log the error: `handleException`."""
        who = client or (self.session.client if self.session is not None else "")
        self.say(sentences.stomp_exception(who, self.address, frame.command, f"{kind}: {message}"))
        headers = {"message": message, "content-type": "text/plain"}
        if (receipt := frame.headers.get("receipt")) is not None:
            headers["receipt-id"] = receipt
        self.send(StompFrame("ERROR", headers, message.encode()))

    def _end(self) -> None:
        super()._end()
        if self._beat is not None:
            cancel(self._beat)


def _kind(message: str) -> str:
    if message == NAMELESS:
        return "java.lang.IllegalArgumentException"
    return "java.lang.SecurityException" if is_security(message) else "javax.jms.JMSException"

"""The broker's side of MQTT 3.1.1: `MQTTProtocolConverter`, `MQTTSubscription`, `MQTTDefaultSubscriptionStrategy`."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache, partial

from lab.base.dataclass import dataclass
from lab.clients.destination_names import physical_name
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.sentences import security_error
from lab.simulation.broker.session import Refused
from lab.simulation.broker.subscriptions import Subscription
from lab.simulation.kernel import MILLISECOND, SECOND, Timer, cancel
from lab.simulation.protocols import sentences
from lab.simulation.protocols.mqtt_frames import (
    ACCEPTED,
    ID_REJECTED,
    NOT_AUTHORISED,
    REFUSED,
    UNAVAILABLE,
    Ack,
    Connack,
    Connect,
    Publish,
    Sign,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from lab.simulation.protocols.session import BrokerSide, Sessions, is_security
from lab.simulation.tcp.connection import Connection

TOPIC_PREFETCH, DURABLE_PREFETCH = 32_767, 100  # ActiveMQPrefetchPolicy's defaults, which MQTT's strategy takes
_QOS = ("AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE")  # as they begin the name of a durable subscription


def granted_qos(message: Message, subscribed: int) -> int:
    """Return the QoS of a delivery: that of the publish, at most the subscription's.

    A message of another protocol has none: persistent ones get 0, others 1. That is the wrong way round, and it is what
    `MQTTProtocolConverter.convertMessage` does from 5.17.6 to 6.3.1.
    """
    published = message.qos if message.qos is not None else 0 if message.persistent else 1
    return published if published < subscribed else subscribed


def silence_allowed(keep_alive: int) -> int:
    """Return the ns without a packet after which a client counts as gone: one and a half times its keep-alive.

    `configureInactivityMonitor`, MQTT_KEEP_ALIVE_GRACE_PERIOD.
    """
    return keep_alive * SECOND * 3 // 2


@lru_cache(maxsize=1024)
def _topic(destination: str) -> str:
    return physical_name(destination.partition("://")[2])


@dataclass(slots=True, eq=False)
class _Subscribed:
    """A subscription of an MQTT client."""

    qos: int
    durable: str | None
    subscription: Subscription | None = None


class MqttSide(BrokerSide):
    """One MQTT client's connection, at the broker."""

    def __init__(self, sessions: Sessions, connection: Connection, connector: str, *, web_socket: bool = False) -> None:
        super().__init__(sessions, connection, connector, web_socket=web_socket)
        self._login: Connect | None = None
        self._subscriptions: dict[str, _Subscribed] = {}  # by the filter, as the client writes it
        self._unacknowledged: dict[int, tuple[Subscription, int]] = {}  # by packet
        self._packet = 0
        self._watch: Timer | None = None

    def received(self, frame: object) -> None:
        """Take a packet."""
        if self.ended:
            return
        match frame:
            case Publish():
                self._on_publish(frame)
            case Ack():
                self._on_ack(frame)
            case Connect():
                self._on_connect(frame)
            case Subscribe():
                self._on_subscribe(frame)
            case Unsubscribe():
                self._on_unsubscribe(frame)
            case Sign(kind="PINGREQ"):
                self.send(Sign("PINGRESP"))
            case _:
                self.close()  # DISCONNECT

    def _on_connect(self, frame: Connect) -> None:
        try:
            self.session = self.broker.login(
                frame.user,
                frame.password,
                frame.client_id,
                self.address,
                steals=True,
                ended=self._stolen,
                connector=self.connector,
                connection=self.name,
            )
        except Refused as refusal:
            if is_security(refusal.words):
                self.say(security_error(self.address, refusal.words))
            taken = "already connected" in refusal.words
            code = NOT_AUTHORISED if is_security(refusal.words) else ID_REJECTED if taken else UNAVAILABLE
            self.send(Connack(code))
            self.say(sentences.transport_failed(self.address, refusal.words))
            self.close()
            return
        self._login = frame
        self.send(Connack(ACCEPTED))
        kept = self.broker.durables(frame.client_id)
        for each in kept:  # `onConnect`: a clean session forgets them, another one has them at once
            if each.durable is None:
                continue
            if frame.clean:
                with suppress(Refused):  # as ActiveMQ: "ignore failures.."
                    self.broker.forget(frame.client_id, each.durable, by=self.session)
            else:
                qos, _, topic = each.durable.partition(":")
                self._subscribe(topic, _QOS.index(qos))
        if frame.keep_alive:
            self._await(silence_allowed(frame.keep_alive))

    def _await(self, silence: int) -> None:
        """End the connection of a client that was not heard of for so long."""
        if not self.ended:
            if self.process.now - self.connection.heard < silence:
                self._watch = self.process.at(self.connection.heard + silence, self._await, silence)
                return
            why = sentences.inactive(silence // MILLISECOND, self.address)
            self.say(sentences.transport_failed(self.address, why))
            self._end()
            self.connection.abort()

    def _stolen(self, reason: str) -> None:
        """End, since another connection has taken the client id: `allowLinkStealing`, which MQTT has on."""
        if not self.ended:
            self._end()
            self.connection.close()

    def _on_publish(self, frame: Publish) -> None:
        if self.session is None:
            return
        destination = f"topic://{physical_name(frame.topic)}"
        message = Message(
            self.next_message(), destination, frame.body, {}, frame.qos > 0, retain=frame.retain, qos=frame.qos
        )
        self.broker.send(message, partial(self._on_stored, frame), self.session)

    def _on_stored(self, frame: Publish, refusal: str | None) -> None:
        """Answer a publish, a refused one too: `createResponseHandler` logs the refusal and acknowledges."""
        if self.ended:
            return
        if refusal is not None:
            self.say(sentences.not_published(frame.topic, refusal))
        if frame.qos:
            self.send(Ack("PUBACK" if frame.qos == 1 else "PUBREC", frame.packet))

    def _on_ack(self, frame: Ack) -> None:
        if frame.kind == "PUBREC":
            self.send(Ack("PUBREL", frame.packet))
        elif frame.kind == "PUBREL":
            self.send(Ack("PUBCOMP", frame.packet))
        elif (known := self._unacknowledged.pop(frame.packet, None)) is not None:
            known[0].acknowledge(known[1])

    def _on_subscribe(self, frame: Subscribe) -> None:
        if self.session is None:
            return
        known = self._subscriptions.get(frame.topic)
        if known is not None and known.durable is not None and known.qos == frame.qos:
            self.send(Suback(frame.packet, frame.qos))  # `onReSubscribe` of one that was restored
            return
        if known is not None:
            self._forget(frame.topic)
        try:
            self._subscribe(frame.topic, frame.qos)
        except Refused:
            self.say(sentences.not_subscribed(frame.topic))
            self.send(Suback(frame.packet, REFUSED))
            return
        self.send(Suback(frame.packet, frame.qos))

    def _subscribe(self, topic: str, qos: int) -> None:
        assert self.session is not None
        assert self._login is not None
        durable = f"{_QOS[qos]}:{topic}" if not self._login.clean and qos else None
        mine = _Subscribed(qos, durable)
        info = ConsumerInfo(
            id=self.next_consumer(),
            client=self.session.client,
            destination=f"topic://{physical_name(topic)}",
            prefetch=TOPIC_PREFETCH if durable is None else DURABLE_PREFETCH,
            durable=durable,
            retroactive=True,
        )
        mine.subscription = self.broker.subscribe(info, partial(self._deliver, mine), by=self.session)
        self._subscriptions[topic] = mine

    def _deliver(self, to: _Subscribed, token: int, message: Message, redelivered: bool) -> None:
        if self.ended or to.subscription is None:
            return
        qos = granted_qos(message, to.qos)
        if qos:
            self._packet = packet = self._packet % 65_535 + 1
            self._unacknowledged[packet] = to.subscription, token
        topic = _topic(message.destination)
        dup = bool(qos) and redelivered
        self.send(Publish(topic, message.body, qos, message.retained, dup, self._packet if qos else 0))
        if not qos:
            to.subscription.acknowledge(token)

    def _on_unsubscribe(self, frame: Unsubscribe) -> None:
        if frame.topic in self._subscriptions:
            self._forget(frame.topic)
        self.send(Unsuback(frame.packet))

    def _forget(self, topic: str) -> None:
        gone = self._subscriptions.pop(topic)
        if gone.subscription is not None:
            gone.subscription.close()
            self._unacknowledged = {
                key: known for key, known in self._unacknowledged.items() if known[0] is not gone.subscription
            }
        if gone.durable is not None and self.session is not None:
            with suppress(Refused):
                self.broker.forget(self.session.client, gone.durable, by=self.session)

    def _end(self) -> None:
        super()._end()
        if self._watch is not None:
            cancel(self._watch)

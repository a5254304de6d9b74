"""An MQTT 3.1.1 client of either runtime: its requests, its sends, and the subscriptions of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lab.clients.base import BaseClient, Wire
from lab.clients.destination_names import mqtt_subscribed, mqtt_topic, physical_name
from lab.errors import PlanError
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Session, Shown, Terms

KEEP_ALIVE_SECONDS = 30  # seconds
_NO_HEADERS: Mapping[str, str] = {}  # MQTT 3.1.1 has none
_REFUSED = "refused by the broker: the user may lack the right"


class MqttWire(Wire, Protocol):
    """A connection that carries packets of MQTT. It answers `subscribe PACKET` and `unsubscribe PACKET`."""

    def subscribe(self, topic: str, qos: int) -> int:
        """Send SUBSCRIBE and return the packet's number."""
        ...

    def unsubscribe(self, topic: str) -> int:
        """Send UNSUBSCRIBE and return the packet's number."""
        ...

    def publish(self, topic: str, message: Outgoing) -> None:
        """Send a message; its outcome is reported to the client's sends in flight."""
        ...


class MqttClient(BaseClient):
    """One MQTT connection; it never reconnects by itself."""

    wire: MqttWire

    def __init__(self, wire: MqttWire, events: ClientEvents, clock: Clock, address: str, session: Session) -> None:
        super().__init__(wire, events, clock, address)
        self._subscriptions: list[Destination] = [terms.destination for terms in session.kept]
        self._destinations: dict[str, Destination] = {}
        self._whole = False  # whether a subscription requests the whole of each message

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; it is durable if the session is not clean."""
        destination = terms.destination
        if destination not in self._subscriptions:  # before the request: the broker may deliver before it answers
            self._subscriptions.append(destination)
        self._destinations.clear()
        self._whole |= terms.whole
        packet = self.wire.subscribe(mqtt_topic(destination), terms.qos)
        self.answers.wait(f"subscribe {packet}", f"{self.address}: subscribe to {destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription."""
        packet = self.wire.unsubscribe(mqtt_topic(destination))
        self.answers.wait(f"unsubscribe {packet}", f"{self.address}: unsubscribe from {destination}")
        self._subscriptions.remove(destination)
        self._destinations.clear()

    def browse(self, queue: Destination, within: float) -> Look:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError(f"MQTT has no queues, so it cannot browse {queue}", "write over: stomp, or over: amqp")

    def temporary(self) -> str:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError("MQTT has no temporary queues", "write over: stomp, or over: amqp")

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Return failed for each token: MQTT messages are acknowledged as they arrive and have no tokens."""
        return [SendOutcome.FAILED for _ in tokens]

    def publish(self, message: Outgoing) -> None:
        """Send a message; at QoS 0 its outcome is ok as soon as it is written to the socket."""
        if not self.in_flight.enter(message.id, len(message.body)):
            return
        self.wire.publish(mqtt_topic(message.destination), message)
        self.in_flight.await_room()

    def on_subscribed(self, packet: int, *, refused: bool) -> None:
        """Record the answer to a subscription."""
        self.answers.give(f"subscribe {packet}", _REFUSED if refused else "")

    def on_message(self, topic: str, body: bytes, qos: int, *, retained: bool, duplicate: bool) -> None:
        """Report a message."""
        destination = self._destinations.get(topic) or self._subscribed(topic)
        shown = None
        if self._whole:
            shown = Shown(Destination(kind="topic", name=physical_name(topic)), _NO_HEADERS, qos=qos)
        self.events.received(Incoming(destination, body, _NO_HEADERS, retained, duplicate, shown=shown))

    def _subscribed(self, topic: str) -> Destination:
        destination = self._destinations[topic] = mqtt_subscribed(topic, self._subscriptions, self.address)
        return destination

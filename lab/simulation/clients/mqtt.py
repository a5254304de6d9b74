"""An MQTT 3.1.1 client, as `lab.clients.mqtt` is one on paho 2: its acknowledgements, its keep-alive, its words."""

from __future__ import annotations

from collections.abc import Sequence

from lab.clients.destination_names import mqtt_subscribed, mqtt_topic, physical_name
from lab.clients.refusals import CONNACK
from lab.errors import PlanError
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Session, Shown, Terms
from lab.simulation.clients.base import SEND_BUFFER, SimulatedClient, Target
from lab.simulation.kernel import SECOND, Kernel, Timer, cancel
from lab.simulation.protocols.mqtt_frames import (
    REFUSED,
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
from lab.simulation.tcp.fabric import Fabric

_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the rest
_KEEP_ALIVE = 30  # seconds; as lab.clients.mqtt asks for
_REASONS = {1: 132, 2: 133, 3: 136, 4: 134, 5: 135}  # of CONNACK: MQTT 3.1.1's codes, and the reasons that paho makes


class MqttClient(SimulatedClient):
    """One MQTT connection; it never reconnects by itself."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        fabric: Fabric,
        target: Target,
        events: ClientEvents,
        session: Session,
        *,
        web_socket: bool = False,
    ) -> None:
        self._subscriptions: list[Destination] = [terms.destination for terms in session.kept]
        self._destinations: dict[str, Destination] = {}
        self._whole = False  # whether a subscription asks for the whole of each message
        self._sent: dict[int, str] = {}  # by packet
        self._held: dict[int, Publish] = {}  # at QoS 2, until they are released
        self._packet = 0
        self._said = self._heard = 0  # ns of the last packet out and in
        self._pinged: int | None = None
        self._tick: Timer | None = None
        super().__init__(kernel, clock, fabric, target, events, "MQTT", web_socket=web_socket)
        self._log_in(target, Connect(target.client_id, target.user, target.password, session.clean, _KEEP_ALIVE))
        self._heard = self._said = kernel.now
        self._tick = kernel.after(_KEEP_ALIVE * SECOND, self._keep_alive)

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; it is durable if the session is not clean."""
        destination = terms.destination
        if destination not in self._subscriptions:  # before the request: the broker may deliver before it answers
            self._subscriptions.append(destination)
        self._destinations.clear()
        self._whole |= terms.whole
        packet = self._next_packet()
        self._say(Subscribe(packet, mqtt_topic(destination), terms.qos))
        self._answers.wait(f"subscribe {packet}", f"{self._where}: subscribe to {destination}")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription."""
        packet = self._next_packet()
        self._say(Unsubscribe(packet, mqtt_topic(destination)))
        self._answers.wait(f"unsubscribe {packet}", f"{self._where}: unsubscribe from {destination}")
        self._subscriptions.remove(destination)
        self._destinations.clear()

    def browse(self, queue: Destination, within: float) -> Look:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError(f"MQTT has no queues, so it cannot browse {queue}", "browse over: stomp or amqp")

    def temporary(self) -> str:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError("MQTT has no temporary queues", "ask over: stomp or amqp")

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Return failed for each token: MQTT messages are acknowledged as they arrive and have no tokens."""
        return [SendOutcome.FAILED for _ in tokens]

    def publish(self, message: Outgoing) -> None:
        """Send a message; at QoS 0 its outcome is ok as soon as it is written to the socket."""
        id, destination, body, _, qos, _, retained, *_ = message  # noqa: A001 (its name everywhere)
        if not self._in_flight.enter(id, len(body)):
            return
        packet = self._next_packet() if qos else 0
        if packet:
            self._sent[packet] = id
        self._say(Publish(mqtt_topic(destination), body, qos, retained, False, packet))
        if not packet:
            self._written(id)
        self._in_flight.await_room()

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self._hang_up(Sign("DISCONNECT"))
        self._stop_ticking()

    def on_frame(self, frame: object) -> None:
        """Take a packet."""
        self._heard = self.kernel.now
        match frame:
            case Publish():
                self._on_publish(frame)
            case Ack():
                self._on_ack(frame)
            case Connack(code=code):
                self._answers.give("connect", CONNACK[_REASONS[code]] if code else "")
            case Suback(packet=packet, code=code):
                refused = "refused by the broker: has the user the right to?" if code == REFUSED else ""
                self._answers.give(f"subscribe {packet}", refused)
            case Unsuback(packet=packet):
                self._answers.give(f"unsubscribe {packet}")
            case Sign():
                self._pinged = None

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._stop_ticking()
        super().closed(why)

    def _say(self, frame: Publish | Ack | Subscribe | Unsubscribe | Sign) -> None:
        self._said = self.kernel.now
        self.send(frame)

    def _next_packet(self) -> int:
        self._packet = self._packet % 65_535 + 1
        return self._packet

    def _written(self, id: str) -> None:
        """Report a send at QoS 0, when the socket has taken it."""
        assert self._connection is not None
        if self._connection.unsent > SEND_BUFFER:
            self._connection.when_drained(lambda: self._in_flight.settle(id, SendOutcome.OK))
        else:
            self._in_flight.settle(id, SendOutcome.OK)

    def _on_publish(self, frame: Publish) -> None:
        if frame.qos == 2:
            self._held[frame.packet] = frame
            self._say(Ack("PUBREC", frame.packet))
            return
        self._take(frame)
        if frame.qos:
            self._say(Ack("PUBACK", frame.packet))

    def _on_ack(self, frame: Ack) -> None:
        if frame.kind == "PUBREC":
            self._say(Ack("PUBREL", frame.packet))
        elif frame.kind == "PUBREL":
            if (held := self._held.pop(frame.packet, None)) is not None:
                self._take(held)
            self._say(Ack("PUBCOMP", frame.packet))
        elif (sent := self._sent.pop(frame.packet, None)) is not None:
            self._in_flight.settle(sent, _OK)

    def _take(self, frame: Publish) -> None:
        destination = self._destinations.get(frame.topic) or self._subscribed(frame.topic)
        shown = None
        if self._whole:
            shown = Shown(Destination(kind="topic", name=physical_name(frame.topic)), {}, qos=frame.qos)
        self.events.received(Incoming(destination, frame.body, {}, frame.retain, frame.dup, shown=shown))

    def _subscribed(self, topic: str) -> Destination:
        found = self._destinations[topic] = mqtt_subscribed(topic, self._subscriptions, self._where)
        return found

    def _keep_alive(self) -> None:
        """Ping a broker when nothing went out or came in for the keep-alive; without an answer in as long, it is lost.

        `paho.mqtt.client.Client._check_keepalive`, of paho 2.2.
        """
        if self._in_flight.gone is not None:
            return
        now, period = self.kernel.now, _KEEP_ALIVE * SECOND
        if now - self._said >= period or now - self._heard >= period:
            if self._pinged is not None:
                assert self._connection is not None
                self._connection.abort()
                self._gone("the connection was lost")
                return
            self._pinged = now
            self._say(Sign("PINGREQ"))
            self._heard = now
        self._tick = self.kernel.at(min(self._said, self._heard) + period, self._keep_alive)

    def _stop_ticking(self) -> None:
        if self._tick is not None:
            cancel(self._tick)

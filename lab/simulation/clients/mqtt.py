"""The wire of a simulated MQTT client, with keep-alive: `lab.clients.mqtt_wire` is the real one."""

from __future__ import annotations

from functools import partial

from lab.clients.mqtt import KEEP_ALIVE_SECONDS, MqttClient
from lab.clients.refusals import CONNACK
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.messages import Outgoing, Session
from lab.simulation.clients.base import SEND_BUFFER, Access, SimulatedWire
from lab.simulation.kernel import SECOND
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

_OK = SendOutcome.OK  # an attribute of an Enum costs as much as the rest of an acknowledgement
_REASONS = {1: 132, 2: 133, 3: 136, 4: 134, 5: 135}  # of CONNACK: MQTT 3.1.1's codes, and the reasons that paho makes


class MqttWire(SimulatedWire):
    """The wire of an MqttClient."""

    client: MqttClient

    def __init__(self, at: Access, session: Session, *, web_socket: bool) -> None:
        super().__init__(at, "MQTT", web_socket=web_socket)
        self._clean = session.clean
        self._sent: dict[int, str] = {}  # the message's id, by packet
        self._unreleased: dict[int, Publish] = {}  # received at QoS 2
        self._packet = 0
        self._last_out = self._last_in = 0  # ns of the last packet in each direction
        self._pinged: int | None = None

    def log_in(self) -> None:
        """Send the login."""
        target = self.target
        self.send_frame(Connect(target.client_id, target.user, target.password, self._clean, KEEP_ALIVE_SECONDS))

    def subscribe(self, topic: str, qos: int) -> int:
        """Send SUBSCRIBE and return the packet's number."""
        packet = self._next_packet()
        self._send(Subscribe(packet, topic, qos))
        return packet

    def unsubscribe(self, topic: str) -> int:
        """Send UNSUBSCRIBE and return the packet's number."""
        packet = self._next_packet()
        self._send(Unsubscribe(packet, topic))
        return packet

    def publish(self, topic: str, message: Outgoing) -> None:
        """Send a message; at QoS 0 its outcome is reported when the socket has accepted it."""
        qos = message.qos
        packet = self._next_packet() if qos else 0
        if packet:
            self._sent[packet] = message.id
        self._send(Publish(topic, message.body, qos, message.retained, False, packet))
        if not packet:
            self._written(message.id)

    def close(self) -> None:
        """Send DISCONNECT and close."""
        self._hang_up(Sign("DISCONNECT"))

    def on_frame(self, frame: object) -> None:
        """Take a packet."""
        self._last_in = self.kernel.now
        match frame:
            case Publish():
                self._on_publish(frame)
            case Ack():
                self._on_ack(frame)
            case Connack(code=code):
                self.client.answers.give("connect", CONNACK[_REASONS[code]] if code else "")
            case Suback(packet=packet, code=code):
                self.client.on_subscribed(packet, refused=code == REFUSED)
            case Unsuback(packet=packet):
                self.client.answers.give(f"unsubscribe {packet}")
            case Sign():
                self._pinged = None

    def keep_alive(self) -> None:
        """From now on, send PINGREQ if no packet was sent or received for the keep-alive."""
        self._last_in = self._last_out = self.kernel.now
        self._ticks.append(self.kernel.after(KEEP_ALIVE_SECONDS * SECOND, self._keep_alive))

    def _send(self, frame: Publish | Ack | Subscribe | Unsubscribe | Sign) -> None:
        self._last_out = self.kernel.now
        self.send_frame(frame)

    def _next_packet(self) -> int:
        self._packet = self._packet % 65_535 + 1
        return self._packet

    def _written(self, id: str) -> None:
        """Report a send at QoS 0, when the socket has accepted it."""
        assert self.connection is not None
        settle = partial(self.client.in_flight.settle, id, _OK)
        if self.connection.unsent > SEND_BUFFER:
            self.connection.when_drained(settle)
        else:
            settle()

    def _on_publish(self, frame: Publish) -> None:
        if frame.qos == 2:
            self._unreleased[frame.packet] = frame
            self._send(Ack("PUBREC", frame.packet))
            return
        self._take(frame)
        if frame.qos:
            self._send(Ack("PUBACK", frame.packet))

    def _on_ack(self, frame: Ack) -> None:
        if frame.kind == "PUBREC":
            self._send(Ack("PUBREL", frame.packet))
        elif frame.kind == "PUBREL":
            if (publish := self._unreleased.pop(frame.packet, None)) is not None:
                self._take(publish)
            self._send(Ack("PUBCOMP", frame.packet))
        elif (sent := self._sent.pop(frame.packet, None)) is not None:
            self.client.in_flight.settle(sent, _OK)

    def _take(self, frame: Publish) -> None:
        self.client.on_message(frame.topic, frame.body, frame.qos, retained=frame.retain, duplicate=frame.dup)

    def _keep_alive(self) -> None:
        """Send PINGREQ if needed; if the last one has no answer after the keep-alive, the connection is lost.

        `paho.mqtt.client.Client._check_keepalive`, of paho 2.2.
        """
        if self.client.in_flight.gone is not None:
            return
        now, period = self.kernel.now, KEEP_ALIVE_SECONDS * SECOND
        if now - self._last_out >= period or now - self._last_in >= period:
            if self._pinged is not None:
                self._abort("the connection was lost")
                return
            self._pinged = now
            self._send(Sign("PINGREQ"))
            self._last_in = now
        self._ticks[0] = self.kernel.at(min(self._last_out, self._last_in) + period, self._keep_alive)


def connect(at: Access, events: ClientEvents, session: Session, *, web_socket: bool) -> MqttClient:
    """Return a client that is connected and logged in."""
    wire = MqttWire(at, session, web_socket=web_socket)
    wire.client = MqttClient(wire, events, at.clock, wire.address, session)
    wire.open()
    wire.client.log_in(at.target.within)
    wire.keep_alive()
    return wire.client

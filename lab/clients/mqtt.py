"""An MQTT 3.1.1 client over TLS; the only file that uses paho."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from lab.clients.base import CLOSE_WITHIN, MOST_IN_FLIGHT, BaseClient, guarded
from lab.clients.buffered_socket import BufferedStream
from lab.clients.destination_names import mqtt_subscribed, mqtt_topic, physical_name
from lab.clients.refusals import CONNACK
from lab.clients.sockets import await_ticket, connecting
from lab.clients.web_socket import WebSocketStream, shake_hands
from lab.errors import PlanError
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.messages import ORDINARY, Destination, Incoming, Look, Outgoing, Session, Shown, Terms

_KEEP_ALIVE = 30  # seconds
_NO_HEADERS: Mapping[str, str] = {}  # MQTT 3.1.1 has none
_ORDINARY_LOSS = (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN, MQTTErrorCode.MQTT_ERR_CONN_LOST)
_REFUSED = 0x80


class _Paho(paho.Client):
    """A paho client over a BufferedStream: paho itself reads single bytes."""

    stream: BufferedStream | None = None
    shake_hands: Callable[[Any], None] | None = None  # set if MQTT is to be inside a WebSocket

    def _create_socket(self) -> Any:
        secured: Any = super()._create_socket()
        await_ticket(secured)
        if self.shake_hands is None:
            self.stream = BufferedStream(secured)
        else:
            self.shake_hands(secured)
            self.stream = WebSocketStream(secured, "mqtt")
        return self.stream


class MqttClient(BaseClient):
    """One MQTT connection; it never reconnects by itself."""

    def __init__(
        self, endpoint: Endpoint, events: ClientEvents, session: Session = ORDINARY, *, web_socket: bool = False
    ) -> None:
        protocol = "MQTT in a WebSocket" if web_socket else "MQTT"
        super().__init__(endpoint, events, protocol)
        self._mids_lock = threading.Lock()
        self._mids: dict[int, str] = {}
        self._early: set[int] = set()  # acknowledged before publish() knew the packet's number
        self._writing = False
        self._written: list[int] = []  # sends at QoS 0 that paho has handed to the stream
        self._subscriptions: list[Destination] = [terms.destination for terms in session.kept]
        self._destinations: dict[str, Destination] = {}
        self._whole = False  # whether a subscription asks for the whole of each message
        self._thread = threading.Thread(target=self._loop, name=endpoint.client_id, daemon=True)
        self._client = _Paho(
            CallbackAPIVersion.VERSION2,
            client_id=endpoint.client_id,
            clean_session=session.clean,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(endpoint.user, endpoint.password.get_secret_value())
        self._client.tls_set_context(endpoint.tls())
        self._client.connect_timeout = endpoint.within
        if web_socket:
            self._client.shake_hands = lambda stream: shake_hands(stream, endpoint, "mqtt")
        self._client.max_inflight_messages_set(MOST_IN_FLIGHT)  # `InFlight` limits sends, not paho
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_unsubscribe = self._on_unsubscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        # With a write callback paho leaves the socket to the loop. TLS needs a single thread: that of `_loop`.
        self._client.on_socket_register_write = self._wake_up
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        try:
            with connecting(endpoint, protocol):
                self._client.connect(endpoint.host, endpoint.port, keepalive=_KEEP_ALIVE)
        except BaseException:
            self._wake.close()
            self._woken.close()
            raise
        self._thread.start()
        self._log_in(endpoint)

    def subscribe(self, terms: Terms) -> None:
        """Return once the broker has accepted the subscription; it is durable if the session is not clean."""
        destination = terms.destination
        if destination not in self._subscriptions:  # before the request: the broker may deliver before it answers
            self._subscriptions.append(destination)
        self._destinations.clear()
        self._whole |= terms.whole
        _, mid = self._client.subscribe(mqtt_topic(destination), terms.qos)
        self._answers.wait(f"subscribe {mid}", f"{self._where}: subscribe to {destination}")

    def browse(self, queue: Destination, within: float) -> Look:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError(f"MQTT has no queues, so it cannot browse {queue}", "browse over: stomp or amqp")

    def temporary(self) -> str:
        """Raise PlanError: MQTT has no queues."""
        raise PlanError("MQTT has no temporary queues", "ask over: stomp or amqp")

    def unsubscribe(self, destination: Destination) -> None:
        """Return once the broker has ended the subscription."""
        _, mid = self._client.unsubscribe(mqtt_topic(destination))
        self._answers.wait(f"unsubscribe {mid}", f"{self._where}: unsubscribe from {destination}")
        self._subscriptions.remove(destination)
        self._destinations.clear()

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        """Return failed for each token: MQTT messages are acknowledged as they arrive and have no tokens."""
        return [SendOutcome.FAILED for _ in tokens]

    def publish(self, message: Outgoing) -> None:
        """Send a message; at QoS 0 its outcome is ok as soon as it is written to the socket."""
        if not self._in_flight.enter(message.id, len(message.body)):
            return
        info = self._client.publish(mqtt_topic(message.destination), message.body, message.qos, message.retained)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._in_flight.settle(message.id, SendOutcome.FAILED, f"not sent: {paho.error_string(info.rc)}")
            return
        with self._mids_lock:
            early = info.mid in self._early
            if early:
                self._early.remove(info.mid)
            else:
                self._mids[info.mid] = message.id
        if early:
            self._in_flight.settle(message.id, SendOutcome.OK)
        self._in_flight.await_room()

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self._closing = True
        self._in_flight.end("the client was closed")
        self._client.disconnect()
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive() and (stuck := self._client.socket()) is not None:
            stuck.close()  # DISCONNECT cannot be written to a broker that reads nothing

    def _loop(self) -> None:
        code: int = MQTTErrorCode.MQTT_ERR_SUCCESS
        stream = self._client.stream
        assert stream is not None  # connect() has made it
        with self._wake, self._woken, selectors.DefaultSelector() as ready:
            ready.register(self._woken, selectors.EVENT_READ)
            ready.register(stream, selectors.EVENT_READ)
            try:
                while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._client.socket() is not None:
                    code = self._turn(ready, stream)
            except Exception as error:  # noqa: BLE001 (paho's own fault: this thread cannot end the run, `broke` does)
                self.events.broke(error)
        because = "" if code in _ORDINARY_LOSS else f": {paho.error_string(MQTTErrorCode(code))}"
        self._end(f"the connection was lost{because}")

    def _turn(self, ready: selectors.BaseSelector, stream: BufferedStream) -> int:
        """Write all that waits, wait for packets, and read all of them; return an error code of paho's, 0 for none.

        paho's own loop reads one packet a turn.
        """
        client = self._client
        if code := self._write(stream):
            return code
        if stream.closed:  # DISCONNECT was written
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        ready.modify(stream, selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.behind else 0))
        at_once = client.want_write() and not stream.behind
        happened = [key.fileobj for key, _ in ready.select(0.0 if at_once else 1.0)]
        if self._woken in happened:
            self._woken.recv(4096)
        if stream in happened:
            while not (code := client.loop_read()) and not stream.closed and stream.readable():
                pass
            if code:
                return code
        return client.loop_misc()

    def _write(self, stream: BufferedStream) -> int:
        """Write as much as the socket accepts, report written sends at QoS 0, and return an error code of paho's."""
        client = self._client
        if client.want_write() and not stream.behind:
            self._writing = True
            code = client.loop_write()
            self._writing = False
            if code:
                return code
        try:
            stream.flush()
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if self._written and not stream.behind:
            for mid in self._written:
                self._acknowledge(mid)
            self._written.clear()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _wake_up(self, client: Any, data: Any, stream: Any) -> None:
        if threading.current_thread() is not self._thread:
            with contextlib.suppress(BlockingIOError, OSError):  # the loop is awake, or has ended
                self._wake.send(b".")

    @guarded
    def _end(self, why: str) -> None:
        self._gone(why)

    @guarded
    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self._answers.give("connect", CONNACK.get(code.value, str(code)) if code.is_failure else "")

    @guarded
    def _on_subscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        refused = any(code.value >= _REFUSED for code in codes)
        self._answers.give(f"subscribe {mid}", "refused by the broker: has the user the right to?" if refused else "")

    @guarded
    def _on_unsubscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        self._answers.give(f"unsubscribe {mid}")

    @guarded
    def _on_publish(self, client: Any, data: Any, mid: int, code: Any, properties: Any) -> None:
        if self._writing:
            self._written.append(mid)
        else:
            self._acknowledge(mid)

    def _acknowledge(self, mid: int) -> None:
        with self._mids_lock:
            sent = self._mids.pop(mid, None)
            if sent is None:
                self._early.add(mid)
        if sent is not None:
            self._in_flight.settle(sent, SendOutcome.OK)

    @guarded
    def _on_message(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        destination = self._destinations.get(message.topic) or self._subscribed(message.topic)
        shown = self._shown(message.topic, message.qos) if self._whole else None
        body = bytes(message.payload)
        self.events.received(Incoming(destination, body, _NO_HEADERS, message.retain, message.dup, shown=shown))

    def _shown(self, topic: str, qos: int) -> Shown:
        return Shown(Destination(kind="topic", name=physical_name(topic)), _NO_HEADERS, qos=qos)

    def _subscribed(self, topic: str) -> Destination:
        found = self._destinations[topic] = mqtt_subscribed(topic, self._subscriptions, self._where)
        return found

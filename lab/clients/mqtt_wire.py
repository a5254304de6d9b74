"""The wire of a real MQTT client; the only file that uses paho."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from lab.clients.base import CLOSE_WITHIN, MOST_IN_FLIGHT, guarded
from lab.clients.buffered_socket import BufferedStream
from lab.clients.mqtt import KEEP_ALIVE, MqttClient
from lab.clients.refusals import CONNACK
from lab.clients.sockets import await_ticket, connecting
from lab.clients.web_socket import WebSocketStream, shake_hands
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import Outgoing, Session

_ORDINARY_LOSS = (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN, MQTTErrorCode.MQTT_ERR_CONN_LOST)
_REFUSED = 0x80  # of SUBACK, and above


class _Tls:
    """A TLS context for paho, whose sockets are BufferedStreams: paho itself reads single bytes."""

    check_hostname = True

    def __init__(self, endpoint: Endpoint, *, web_socket: bool) -> None:
        self._endpoint, self._web_socket = endpoint, web_socket
        self._context = endpoint.tls()
        self.stream: BufferedStream | None = None

    def wrap_socket(
        self, plain: socket.socket, *, server_hostname: str, do_handshake_on_connect: bool
    ) -> BufferedStream:
        """Return the connection after the handshakes of TLS and, if it is in one, of the WebSocket."""
        plain.settimeout(self._endpoint.within)
        secured = self._context.wrap_socket(plain, server_hostname=server_hostname)
        try:
            await_ticket(secured)
            if self._web_socket:
                shake_hands(secured, self._endpoint, "mqtt")
        except BaseException:
            secured.close()
            raise
        self.stream = WebSocketStream(secured, "mqtt") if self._web_socket else BufferedStream(secured)
        return self.stream


class MqttWire:
    """The wire of an MqttClient."""

    client: MqttClient

    def __init__(self, endpoint: Endpoint, session: Session, *, web_socket: bool) -> None:
        self._endpoint = endpoint
        self._mids_lock = threading.Lock()
        self._mids: dict[int, str] = {}
        self._early: set[int] = set()  # acknowledged before publish() knew the packet's number
        self._writing = False
        self._written: list[int] = []  # sends at QoS 0 that paho has handed to the stream
        self._thread = threading.Thread(target=self._loop, name=endpoint.client_id, daemon=True)
        self._tls = _Tls(endpoint, web_socket=web_socket)
        self._paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=endpoint.client_id,
            clean_session=session.clean,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self._paho.username_pw_set(endpoint.user, endpoint.password.get_secret_value())
        self._paho.tls_set_context(cast(ssl.SSLContext, self._tls))
        self._paho.connect_timeout = endpoint.within
        self._paho.max_inflight_messages_set(MOST_IN_FLIGHT)  # `InFlight` limits sends, not paho
        self._paho.on_connect = self._on_connect
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_unsubscribe = self._on_unsubscribe
        self._paho.on_publish = self._on_publish
        self._paho.on_message = self._on_message
        # With a write callback paho leaves the socket to the loop. TLS needs a single thread: that of `_loop`.
        self._paho.on_socket_register_write = self._wake_up
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)

    @property
    def events(self) -> ClientEvents:
        """Return the client's events, for `guarded`."""
        return self.client.events

    def open(self, protocol: str) -> None:
        """Connect and send the login; raise BrokerError or LabTimeout."""
        try:
            with connecting(self._endpoint, protocol):
                self._paho.connect(self._endpoint.host, self._endpoint.port, keepalive=KEEP_ALIVE)
        except BaseException:
            self._wake.close()
            self._woken.close()
            raise
        self._thread.start()

    def log_in(self) -> None:
        """Do nothing: `open` has sent the login."""

    def subscribe(self, topic: str, qos: int) -> int:
        """Send SUBSCRIBE and return the packet's number."""
        _, mid = self._paho.subscribe(topic, qos)
        return mid or 0

    def unsubscribe(self, topic: str) -> int:
        """Send UNSUBSCRIBE and return the packet's number."""
        _, mid = self._paho.unsubscribe(topic)
        return mid or 0

    def publish(self, topic: str, message: Outgoing) -> None:
        """Send a message; at QoS 0 its outcome is reported when the socket has accepted it."""
        info = self._paho.publish(topic, message.body, message.qos, message.retained)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            note = f"not sent: {paho.error_string(info.rc)}"
            self.client.in_flight.settle(message.id, SendOutcome.FAILED, note)
            return
        with self._mids_lock:
            early = info.mid in self._early
            if early:
                self._early.remove(info.mid)
            else:
                self._mids[info.mid] = message.id
        if early:
            self.client.in_flight.settle(message.id, SendOutcome.OK)

    def close(self) -> None:
        """Disconnect and wait for the end; close the socket if that takes too long."""
        self._paho.disconnect()
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive() and (stuck := self._paho.socket()) is not None:
            stuck.close()  # DISCONNECT cannot be written to a broker that reads nothing

    def _loop(self) -> None:
        code: int = MQTTErrorCode.MQTT_ERR_SUCCESS
        stream = self._tls.stream
        assert stream is not None  # connect() has made it
        with self._wake, self._woken, selectors.DefaultSelector() as ready:
            ready.register(self._woken, selectors.EVENT_READ)
            ready.register(stream, selectors.EVENT_READ)
            try:
                while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._paho.socket() is not None:
                    code = self._turn(ready, stream)
            except Exception as error:  # noqa: BLE001 (paho's own fault: this thread cannot end the run, `broke` does)
                self.events.broke(error)
        because = "" if code in _ORDINARY_LOSS else f": {paho.error_string(MQTTErrorCode(code))}"
        self._end(f"the connection was lost{because}")

    def _turn(self, ready: selectors.BaseSelector, stream: BufferedStream) -> int:
        """Write all that waits, wait for packets, and read all of them; return an error code of paho's, 0 for none.

        paho's own loop reads one packet a turn.
        """
        client = self._paho
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
        client = self._paho
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
        self.client.gone(why)

    @guarded
    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self.client.answers.give("connect", CONNACK.get(code.value, str(code)) if code.is_failure else "")

    @guarded
    def _on_subscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        self.client.on_subscribed(mid, refused=any(code.value >= _REFUSED for code in codes))

    @guarded
    def _on_unsubscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        self.client.answers.give(f"unsubscribe {mid}")

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
            self.client.in_flight.settle(sent, SendOutcome.OK)

    @guarded
    def _on_message(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        self.client.on_message(
            message.topic, bytes(message.payload), message.qos, retained=message.retain, duplicate=message.dup
        )


def connect(endpoint: Endpoint, events: ClientEvents, session: Session, *, web_socket: bool) -> MqttClient:
    """Return a client that is connected and logged in."""
    protocol = "MQTT in a WebSocket" if web_socket else "MQTT"
    wire = MqttWire(endpoint, session, web_socket=web_socket)
    wire.client = MqttClient(wire, events, RealClock(), f"{protocol} at {endpoint}", session)
    wire.open(protocol)
    wire.client.log_in(endpoint.within)
    return wire.client

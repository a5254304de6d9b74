"""The wire of a real STOMP client: stomp.py with the lab's own TLS context; only this file uses it.

Its connection detects its own end and writes many frames at once.

stomp.py 9.0.0 reports neither why a connection failed nor, over TLS, that it has ended: its loop would spin for ever.
It also makes ten system calls for each frame it sends; in each, another of Python's threads may run.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading
import time
from typing import Any

import stomp
from stomp.connect import BaseConnection
from stomp.exception import NotConnectedException
from stomp.protocol import Protocol12
from stomp.transport import Transport
from stomp.utils import PollableQueue

from lab.clients.base import CLOSE_WITHIN, guarded
from lab.clients.buffered_socket import BufferedStream
from lab.clients.sockets import await_ticket, connecting
from lab.clients.stomp import HEARTBEAT_SECONDS, StompClient
from lab.clients.web_socket import Frames, shake_hands
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.clock import RealClock

# Heartbeat periods. A broker beats if it has sent nothing since its last check, so almost two periods can pass between
# a message and the next beat; stomp.py's own patience of one and a half would take that for the end.
_SILENT_HEARTBEATS = 3
_NOT_READY = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
logging.getLogger("stomp.py").setLevel(logging.CRITICAL)  # it warns of every end, which the client reports itself


class _Outbox(PollableQueue):  # type: ignore[misc]
    """The queue to stomp.py's loop, which takes all waiting frames as one piece and is woken once for them."""

    def __init__(self, frames: Frames | None) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._frames = frames

    def put(self, frame: bytes) -> None:
        """Add a frame of STOMP; thread-safe."""
        self.put_octets(frame if self._frames is None else self._frames.wrap(frame))

    def put_octets(self, frame: bytes) -> None:
        """Add octets that are to be written unchanged."""
        with self._lock:
            self._waiting.append(frame)
            first = len(self._waiting) == 1
        if first:
            self._putsocket.send(b"x")

    def get(self) -> bytes:
        """Remove and return all waiting frames, joined."""
        self._getsocket.recv(1)
        with self._lock:
            frames, self._waiting = self._waiting, []
        return b"".join(frames)


class _Wire(Transport):  # type: ignore[misc]
    """The transport of STOMP frames: a TLS socket, with or without a WebSocket."""

    def __init__(self, endpoint: Endpoint, *, web_socket: bool) -> None:
        self._endpoint, self._where = endpoint, (endpoint.host, endpoint.port)
        super().__init__([self._where], prefer_localhost=False, try_loopback_connect=False, auto_decode=False)
        self._tls = endpoint.tls()
        self._frames = Frames("stomp") if web_socket else None
        self._closing = threading.Lock()
        self._within = False  # a frame of which stomp.py has read a part that is not yet in its buffer

    def attempt_connection(self) -> None:
        """Connect once; errors of the socket are raised, unlike in stomp.py."""
        plain = socket.create_connection(self._where, self._endpoint.within)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = self._tls.wrap_socket(plain, server_hostname=self._where[0])
            await_ticket(secured)
        except BaseException:
            plain.close()
            raise
        if self._frames is not None:
            try:
                shake_hands(secured, self._endpoint, "stomp")
            except BaseException:
                secured.close()
                raise
        secured.setblocking(False)
        self.socket = secured
        self._reading = BufferedStream(secured)
        self.send_queue = _Outbox(self._frames)
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.send_queue, selectors.EVENT_READ)
        self.sel.register(self.socket, selectors.EVENT_READ)
        self.blocking = False
        self.current_host_and_port = self._where

    def receive(self) -> bytes:
        """Return all that can be read; end the loop at the end of the stream, for which stomp.py would wait on."""
        try:
            octets = self._reading.take() if self.socket is not None else b""
            if octets and self._frames is not None:
                octets = self._unwrapped(self._frames, octets)
        except _NOT_READY:
            self._within = False  # stomp.py puts what it has read into its buffer now
            raise
        except OSError:
            octets = b""
        if not octets:
            self.running = False
        return self._one_beat(octets) if octets else octets

    def _one_beat(self, octets: bytes) -> bytes:
        """Return octets with heartbeats in a row between two frames made one: after two, stomp.py loses a frame.

        They come together if this process did not run for a while. Octets within a frame are not changed.
        """
        within = self._within or bool(self._BaseTransport__recvbuf)
        if not within:
            octets = octets.lstrip(b"\n") or b"\n"
        self._within = b"\0" not in octets and (within or octets != b"\n")
        return octets

    def _unwrapped(self, frames: Frames, octets: bytes) -> bytes:
        """Return the content of a WebSocket's messages; raise SSLWantReadError if none is complete or all are pings."""
        content = frames.unwrap(octets)
        while frames.pings:
            self.send_queue.put_octets(frames.pings.pop(0))
        if not content and not frames.ended:
            raise ssl.SSLWantReadError
        return content

    def shutdown_queue(self) -> None:
        """Close the queue but keep the object: a thread about to use it gets an OSError."""
        self.blocking = True
        self.sel.close()
        self.send_queue.shutdown()

    def hang_up(self) -> None:
        """End the connection without DISCONNECT; thread-safe: the loop reads the end of the stream and cleans up."""
        with self._closing:
            stream = self.socket
            if stream is not None:
                with contextlib.suppress(OSError):  # it may just have closed by itself
                    # Not SSLSocket's own: that removes the TLS object by which the loop may be reading at this moment.
                    socket.socket.shutdown(stream, socket.SHUT_RDWR)

    def disconnect_socket(self) -> None:
        """End at the broker's answer to DISCONNECT, or because its heartbeats stay away.

        stomp.py's own cleans up in the calling thread, the loop's or the heartbeats', and the other one then finds the
        socket gone. Here only the loop cleans up.
        """
        self.running = False
        if threading.current_thread() is not self.io_thread:
            for listener in tuple(self.listeners.values()):  # before the loop reports that the connection was lost
                listener.on_heartbeat_timeout()
        self.hang_up()

    def cleanup(self) -> None:
        """Close the socket and the queue, not at the same time as `hang_up`."""
        with self._closing:
            super().cleanup()


class Connection(BaseConnection, Protocol12):  # type: ignore[misc]
    """One STOMP 1.2 connection."""

    def __init__(self, endpoint: Endpoint, heartbeats: tuple[int, int], *, web_socket: bool = False) -> None:
        self._wire = _Wire(endpoint, web_socket=web_socket)
        BaseConnection.__init__(self, self._wire)
        Protocol12.__init__(self, self._wire, heartbeats, heart_beat_receive_scale=_SILENT_HEARTBEATS)

    def open(self) -> None:
        """Connect and begin to read; raise OSError if that fails."""
        self._wire.start()

    def send_disconnect(self) -> None:
        """Send DISCONNECT; the connection ends when the broker has answered."""
        Protocol12.disconnect(self, "farewell")

    def hang_up(self) -> None:
        """End the connection at once, without DISCONNECT."""
        self._wire.hang_up()


class StompWire(stomp.ConnectionListener):  # type: ignore[misc]
    """The wire of a StompClient, on a Connection."""

    client: StompClient

    def __init__(self, endpoint: Endpoint, *, web_socket: bool) -> None:
        self._endpoint = endpoint
        self._ended = threading.Event()
        self._connection = Connection(endpoint, (0, HEARTBEAT_SECONDS * 1000), web_socket=web_socket)

    @property
    def events(self) -> ClientEvents:
        """Return the client's events, for `guarded`."""
        return self.client.events

    def open(self, protocol: str) -> None:
        """Connect; raise BrokerError or LabTimeout."""
        self._connection.set_listener("mqlab", self)
        with connecting(self._endpoint, protocol):
            self._connection.open()

    def log_in(self) -> None:
        """Send the login."""
        with contextlib.suppress(NotConnectedException, OSError):  # the broker has disconnected: the wait raises that
            self._connection.connect(
                self._endpoint.user,
                self._endpoint.password.get_secret_value(),
                headers={"client-id": self._endpoint.client_id},
                with_connect_command=True,
            )

    def send(self, command: str, headers: dict[str, str], body: bytes = b"", *, text: bool = False) -> None:
        """Send a frame; raise OSError if the connection is lost."""
        if body and not text:
            headers["content-length"] = str(len(body))
        try:
            self._connection.send_frame(command, headers, body)
        except (NotConnectedException, OSError) as error:
            raise OSError(str(error) or "the connection was lost") from error

    def close(self) -> None:
        """Send DISCONNECT and wait for the end; end the connection if that takes too long."""
        if self._connection.is_connected() and not self._ended.is_set():
            with contextlib.suppress(NotConnectedException, OSError):  # the connection ended by itself
                self._connection.send_disconnect()
                self._ended.wait(CLOSE_WITHIN)
        if not self._ended.is_set():
            self._connection.hang_up()
            self._ended.wait(CLOSE_WITHIN)

    @guarded
    def on_connected(self, frame: Any) -> None:
        """Record that the broker has accepted the login."""
        self.client.answers.give("connect")

    @guarded
    def on_receipt(self, frame: Any) -> None:
        """Pass a receipt to the client."""
        self.client.on_receipt(frame.headers["receipt-id"])

    @guarded
    def on_message(self, frame: Any) -> None:
        """Pass a message to the client."""
        self.client.on_message(frame.headers, frame.body or b"")

    @guarded
    def on_error(self, frame: Any) -> None:
        """Pass a refusal to the client."""
        self.client.on_error(frame.headers, frame.body)

    @guarded
    def on_heartbeat_timeout(self) -> None:
        """Record that the broker's heartbeats do not arrive."""
        self.client.gone("the broker fell silent")

    @guarded
    def on_disconnected(self) -> None:
        """Record that the connection is lost."""
        self._ended.set()
        self.client.gone("the connection was lost")


def connect(endpoint: Endpoint, events: ClientEvents, *, web_socket: bool) -> StompClient:
    """Return a client that is connected and logged in."""
    protocol = "STOMP in a WebSocket" if web_socket else "STOMP"
    wire = StompWire(endpoint, web_socket=web_socket)
    wire.client = StompClient(
        wire, events, RealClock(), f"{protocol} at {endpoint}", now=time.time, typed=True, text_only=web_socket
    )
    wire.open(protocol)
    wire.client.log_in(endpoint.within)
    return wire.client

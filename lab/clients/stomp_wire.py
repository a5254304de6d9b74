"""stomp.py's connection, opened once with a TLS context of ours, noticing its end, and writing many frames at once.

stomp.py 9.0.0 tells neither why a connection failed nor, over TLS, that it has ended: its loop would spin for ever.
It also spends ten system calls on each frame it sends; in each, Python's other threads take their turn.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading

from stomp.connect import BaseConnection
from stomp.protocol import Protocol12
from stomp.transport import Transport
from stomp.utils import PollableQueue

from lab.clients.base import await_ticket
from lab.clients.buffered import BufferedStream
from lab.clients.web_socket import Frames, shake_hands
from lab.runtime.client import Endpoint

# In periods. A broker beats where nothing was sent since it looked last, so almost two may pass between a message and
# the next beat; stomp.py's own patience of one and a half would take that for the end.
_PATIENCE = 3
_LATER = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
logging.getLogger("stomp.py").setLevel(logging.CRITICAL)  # it warns of ends that we report, among them our own


class _Outbox(PollableQueue):  # type: ignore[misc]
    """The queue to stomp.py's loop, which takes all that waits as one piece, and is woken once for it."""

    def __init__(self, frames: Frames | None) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._frames = frames

    def put(self, frame: bytes) -> None:
        """Hand over a frame of STOMP, from any thread."""
        self.put_octets(frame if self._frames is None else self._frames.wrap(frame))

    def put_octets(self, frame: bytes) -> None:
        """Hand over what is to be written as it is."""
        with self._lock:
            self._waiting.append(frame)
            first = len(self._waiting) == 1
        if first:
            self._putsocket.send(b"x")

    def get(self) -> bytes:
        """Take all frames that wait."""
        self._getsocket.recv(1)
        with self._lock:
            frames, self._waiting = self._waiting, []
        return b"".join(frames)


class _Wire(Transport):  # type: ignore[misc]
    """The transport below STOMP frames."""

    def __init__(self, endpoint: Endpoint, *, web_socket: bool) -> None:
        self._endpoint, self._where = endpoint, (endpoint.host, endpoint.port)
        super().__init__([self._where], prefer_localhost=False, try_loopback_connect=False, auto_decode=False)
        self._tls = endpoint.tls()
        self._frames = Frames("stomp") if web_socket else None
        self._closing = threading.Lock()
        self._within = False  # a frame, a part of which stomp.py has read and not yet put into its buffer

    def attempt_connection(self) -> None:
        """Connect once; what went wrong is the caller's to see."""
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
        """Read all that is there; the end of the stream ends the loop, which stomp.py takes for "nothing yet"."""
        try:
            octets = self._reading.take() if self.socket is not None else b""
            if octets and self._frames is not None:
                octets = self._unwrapped(self._frames, octets)
        except _LATER:
            self._within = False  # stomp.py puts what it was given into its buffer now
            raise
        except OSError:
            octets = b""
        if not octets:
            self.running = False
        return self._one_beat(octets) if octets else octets

    def _one_beat(self, octets: bytes) -> bytes:
        """Make one of the heartbeats that stand together between two frames: of two, stomp.py loses the frame behind.

        They come together where this process did not run for a while. Within a frame nothing is touched.
        """
        within = self._within or bool(self._BaseTransport__recvbuf)
        if not within:
            octets = octets.lstrip(b"\n") or b"\n"
        self._within = b"\0" not in octets and (within or octets != b"\n")
        return octets

    def _unwrapped(self, frames: Frames, octets: bytes) -> bytes:
        """Return what is in a WebSocket's messages; where none is whole, or all are pings, nothing can be read yet."""
        content = frames.unwrap(octets)
        while frames.pings:
            self.send_queue.put_octets(frames.pings.pop(0))
        if not content and not frames.ended:
            raise ssl.SSLWantReadError
        return content

    def shutdown_queue(self) -> None:
        """Close the queue, and keep it: whoever is about to use it gets an OSError."""
        self.blocking = True
        self.sel.close()
        self.send_queue.shutdown()

    def hang_up(self) -> None:
        """End without a farewell, from any thread: the loop reads the end of the stream, and cleans up in its own."""
        with self._closing:
            stream = self.socket
            if stream is not None:
                with contextlib.suppress(OSError):  # it may just have closed by itself
                    # Not SSLSocket's own: that takes away the TLS the loop may be reading by at this moment.
                    socket.socket.shutdown(stream, socket.SHUT_RDWR)

    def disconnect_socket(self) -> None:
        """End at the broker's farewell, or where its heartbeats stay away.

        stomp.py's own cleans up in the thread that calls it, be it the loop's or the heartbeats', and one of them then
        finds the socket gone. Here only the loop does.
        """
        self.running = False
        if threading.current_thread() is not self.io_thread:
            for listener in tuple(self.listeners.values()):  # before the loop says that the connection was lost
                listener.on_heartbeat_timeout()
        self.hang_up()

    def cleanup(self) -> None:
        """Close the socket and the queue, while nobody hangs up."""
        with self._closing:
            super().cleanup()


class Connection(BaseConnection, Protocol12):  # type: ignore[misc]
    """One STOMP 1.2 connection."""

    def __init__(self, endpoint: Endpoint, heartbeats: tuple[int, int], *, web_socket: bool = False) -> None:
        self._wire = _Wire(endpoint, web_socket=web_socket)
        BaseConnection.__init__(self, self._wire)
        Protocol12.__init__(self, self._wire, heartbeats, heart_beat_receive_scale=_PATIENCE)

    def open(self) -> None:
        """Connect and begin to read; OSError where that fails."""
        self._wire.start()

    def send_disconnect(self) -> None:
        """Say farewell; the connection ends when the broker has answered."""
        Protocol12.disconnect(self, "farewell")

    def hang_up(self) -> None:
        """End at once."""
        self._wire.hang_up()

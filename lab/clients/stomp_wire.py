"""stomp.py's connection, opened once with a TLS context of ours, noticing its end, and writing without a detour.

stomp.py 9.0.0 tells neither why a connection failed nor, over TLS, that it has ended: its loop would spin for ever.
It also sends each frame through a queue, a pair of sockets and eight system calls.
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

from lab.clients.base import acknowledge_at_once

_READ = 65_536  # stomp.py asks for 1,024 at a time
_LATER = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
logging.getLogger("stomp.py").setLevel(logging.CRITICAL)  # it warns of ends that we report, among them our own


class _Stream:
    """A TLS socket that does not block, for two threads: OpenSSL wants one at a time."""

    def __init__(self, secured: ssl.SSLSocket) -> None:
        self._secured = secured
        self.lock = threading.Lock()
        self.behind = 0  # bytes that wait for stomp.py's loop to write them

    def recv(self, size: int) -> bytes:
        """Read what is there."""
        with self.lock:
            return self._secured.recv(size)

    def send(self, octets: bytes) -> int:
        """Write, from stomp.py's loop, what could not be written at once."""
        with self.lock:
            written = self._secured.send(octets)
            self.behind -= written
            return written

    def send_at_once(self, octets: bytes) -> bytes:
        """Write from any thread, unless others wait for their turn; give what is left, counted as waiting."""
        with self.lock:
            written = 0
            if not self.behind:
                with contextlib.suppress(*_LATER):
                    written = self._secured.send(octets)
            left = octets[written:]
            self.behind += len(left)
            return left

    def shutdown(self, how: int) -> None:
        """End both directions, without waiting for whoever writes."""
        self._secured.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._secured.close()

    def fileno(self) -> int:
        """Give what a selector asks for."""
        return self._secured.fileno()

    def getsockname(self) -> tuple[str, int]:
        """Give what stomp.py asks for to know that it is connected."""
        name: tuple[str, int] = self._secured.getsockname()
        return name


class _Outbox(PollableQueue):  # type: ignore[misc]
    """The queue to stomp.py's loop, used only while the socket takes no more."""

    def __init__(self, stream: _Stream) -> None:
        super().__init__()
        self._stream = stream
        self._turn = threading.Lock()  # heartbeats come from a thread of their own

    def put(self, frame: bytes) -> None:
        """Write a frame, or what is left of it later."""
        with self._turn:
            left = self._stream.send_at_once(frame)
            if left:
                super().put(left)


class _Wire(Transport):  # type: ignore[misc]
    """The transport below STOMP frames."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, within: float) -> None:
        super().__init__([(host, port)], prefer_localhost=False, try_loopback_connect=False, auto_decode=False)
        self._where, self._tls, self._within = (host, port), tls, within

    def attempt_connection(self) -> None:
        """Connect once; what went wrong is the caller's to see."""
        plain = socket.create_connection(self._where, self._within)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = self._tls.wrap_socket(plain, server_hostname=self._where[0])
        except BaseException:
            plain.close()
            raise
        secured.setblocking(False)
        self.socket = _Stream(secured)
        self.send_queue = _Outbox(self.socket)
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.send_queue, selectors.EVENT_READ)
        self.sel.register(self.socket, selectors.EVENT_READ)
        self.blocking = False
        self.current_host_and_port = self._where
        self._secured = secured

    def receive(self) -> bytes:
        """Read what is there; the end of the stream ends the loop, which stomp.py takes for "nothing yet"."""
        stream = self.socket
        try:
            octets: bytes = stream.recv(_READ) if stream is not None else b""
            if octets:
                acknowledge_at_once(self._secured)
        except _LATER:
            raise
        except OSError:
            octets = b""
        if not octets:
            self.running = False
        return octets

    def hang_up(self) -> None:
        """End without a farewell: the loop reads the end of the stream, and cleans up in its own thread."""
        stream = self.socket
        if stream is not None:
            with contextlib.suppress(OSError):  # it may just have closed by itself
                stream.shutdown(socket.SHUT_RDWR)


class Connection(BaseConnection, Protocol12):  # type: ignore[misc]
    """One STOMP 1.2 connection."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, within: float, heartbeats: tuple[int, int]) -> None:
        self._wire = _Wire(host, port, tls, within)
        BaseConnection.__init__(self, self._wire)
        Protocol12.__init__(self, self._wire, heartbeats)

    def open(self) -> None:
        """Connect and begin to read; OSError where that fails."""
        self._wire.start()

    def take_leave(self) -> None:
        """Say farewell; the connection ends when the broker has answered."""
        Protocol12.disconnect(self, "farewell")

    def hang_up(self) -> None:
        """End at once."""
        self._wire.hang_up()

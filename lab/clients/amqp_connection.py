"""An AMQP 1.0 connection: proton's engine, which does no I/O, over the lab's own TLS socket and one thread.

The engine is not thread-safe: other threads submit their work. So everything that waits is written in one piece, TLS
is verified as for the other protocols, and proton needs no OpenSSL of its own.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import proton

from lab.clients.amqp import SILENCE
from lab.clients.buffered_socket import BufferedStream
from lab.clients.sockets import await_ticket
from lab.runtime.client import Endpoint

_AT_MOST = 65_536  # bytes to read from the engine at once


class Connection:
    """One connection, whose thread runs the callbacks and all submitted work.

    `on_end` is called with the broker's reason, empty if it gave none, and with a sentence for the end in any case.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        on_event: Callable[[Any], None],
        on_end: Callable[[str, str], None],
    ) -> None:
        self._on_event, self._on_end = on_event, on_end
        self.engine = proton.Connection()
        self._transport = proton.Transport()
        self._collector = proton.Collector()
        self._work: deque[Callable[[], None]] = deque()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._awake = False
        self._hung_up = False
        self._stream: BufferedStream | None = None
        self._socket: ssl.SSLSocket | None = None
        self._closing = threading.Lock()
        self.thread = threading.Thread(target=self._loop, name=endpoint.client_id, daemon=True)
        self._prepare(endpoint)

    def open(self, endpoint: Endpoint) -> None:
        """Connect and start the thread; raise OSError if that fails."""
        try:
            plain = socket.create_connection((endpoint.host, endpoint.port), endpoint.within)
            try:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket = endpoint.tls().wrap_socket(plain, server_hostname=endpoint.host)
                await_ticket(self._socket)
            except BaseException:
                plain.close()
                raise
        except BaseException:
            self._wake.close()
            self._woken.close()
            raise
        self._socket.setblocking(False)
        self._stream = BufferedStream(self._socket)
        self.thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Run work in the connection's thread; after the connection's end it is not run."""
        self._work.append(work)
        if not self._awake:
            self._awake = True
            with contextlib.suppress(OSError):  # the thread is awake, or has ended
                self._wake.send(b".")

    def hang_up(self) -> None:
        """End the connection at once; thread-safe."""
        self._hung_up = True
        with self._closing:
            if self._socket is not None and self._socket.fileno() >= 0:
                with contextlib.suppress(OSError):  # it may just have closed by itself
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _prepare(self, endpoint: Endpoint) -> None:
        sasl = self._transport.sasl()
        sasl.allow_insecure_mechs = True  # proton does not know that this connection is inside TLS
        sasl.allowed_mechs("PLAIN")
        self._transport.idle_timeout = SILENCE  # the broker is to send a frame within half of it
        self.engine.container = endpoint.client_id
        self.engine.hostname = endpoint.host
        self.engine.user = endpoint.user
        self.engine.password = endpoint.password.get_secret_value()
        self.engine.collect(self._collector)
        self._transport.bind(self.engine)
        self.engine.open()

    def _loop(self) -> None:
        why = "the connection was lost"
        assert self._stream is not None  # open() has made it
        with self._wake, self._woken, selectors.DefaultSelector() as ready:
            ready.register(self._woken, selectors.EVENT_READ)
            ready.register(self._stream, selectors.EVENT_READ)
            try:
                while self._turn(ready, self._stream):
                    pass
                why = self._engine_error() or why
            except (OSError, proton.ProtonException) as error:
                why = self._engine_error() or f"the connection was lost: {error}"
            finally:
                with self._closing:
                    self._stream.close()
                reason = self._reason()
                self._on_end(reason, reason or why)

    def _turn(self, ready: selectors.BaseSelector, stream: BufferedStream) -> bool:
        """Run submitted work, dispatch events, write, wait, read; return False when the connection is over."""
        self._awake = False
        while self._work:
            self._work.popleft()()
        self._dispatch()
        deadline = self._transport.tick(time.monotonic())
        self._write(stream)
        self._dispatch()
        if self._is_over():
            return False
        ready.modify(stream, selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.behind else 0))
        wait = 0.0 if self._work else max(min(deadline - time.monotonic(), 1.0), 0.0) if deadline else 1.0
        happened = [key.fileobj for key, _ in ready.select(wait)]
        if self._woken in happened:
            self._woken.recv(4096)
        if stream in happened:
            self._read(stream)
        return not self._hung_up

    def _dispatch(self) -> None:
        """Call back for all events that have happened."""
        collector, on_event = self._collector, self._on_event
        while (event := collector.peek()) is not None:
            on_event(event)
            collector.pop()

    def _write(self, stream: BufferedStream) -> None:
        if not stream.behind:
            while (size := self._transport.pending()) > 0:
                size = min(size, _AT_MOST)
                stream.send(self._transport.peek(size) or b"")
                self._transport.pop(size)
        stream.flush()

    def _read(self, stream: BufferedStream) -> None:
        """Read all that is there into the engine, in pieces that fit its buffer."""
        first = True
        while first or stream.readable():
            first = False
            room = self._transport.capacity()
            if room <= 0:
                return
            try:
                octets = stream.recv(room)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not octets:
                self._hung_up = True
                with contextlib.suppress(proton.ProtonException):
                    self._transport.close_tail()
                self._dispatch()
                return
            self._transport.push(octets)
            self._dispatch()

    def _is_over(self) -> bool:
        return (
            self._hung_up or self._transport.closed or self._transport.pending() < 0 or self._transport.capacity() < 0
        )

    def _reason(self) -> str:
        if self._transport.sasl().outcome == proton.SASL.AUTH:
            return "wrong user or password"
        condition = self.engine.remote_condition
        return reason_of(condition) if condition is not None else ""

    def _engine_error(self) -> str:
        """Return the engine's own error, or an empty text."""
        condition = self._transport.condition
        return reason_of(condition) if condition is not None else ""


def reason_of(condition: Any) -> str:
    """Return a broker's reason in words."""
    if condition is None:
        return "the broker gave no reason"
    said = condition.description or condition.name
    return str(said)

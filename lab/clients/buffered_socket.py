"""A connected, non-blocking socket, read and written in large pieces.

Each call to the kernel lets another of Python's threads run, and the caller then waits for its turn: with a publisher
and a subscriber in one process that costs more than the call. One call for many small frames makes replay fast.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

from lab.clients.sockets import acknowledge_at_once

_AT_ONCE = 65_536  # bytes; after so many, reading stops
_RECORD = 16_384  # the most bytes in a TLS record: the rest of one read in part would be invisible to a selector
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedStream:
    """A socket with buffers for reading and writing; for one thread, which calls `flush` after it has sent."""

    def __init__(self, below: Any) -> None:
        self._below = below
        self._read = b""
        self._at = 0  # how many bytes of it `recv` has returned
        self._end: OSError | bytes | None = None  # what ended the stream, raised or returned after the data before it
        self._unwritten: list[bytes] = []
        self.behind = False  # the socket did not accept everything at the last flush
        self.closed = False

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes; raise what a non-blocking socket raises if there are none."""
        if self._at == len(self._read):
            self._read, self._at = self.take(), 0
        start = self._at
        self._at = min(start + size, len(self._read))
        return self._read[start : self._at]

    def take(self) -> bytes:
        """Return all that the socket has now: a broker writes each small frame in a TLS record of its own."""
        if isinstance(self._end, OSError):
            raise self._end
        if self._end is not None:
            return self._end
        parts = [self._below.recv(_RECORD)]
        size = len(parts[0])
        try:
            while parts[-1] and size < _AT_ONCE:
                parts.append(self._below.recv(_RECORD))
                size += len(parts[-1])
            if not parts[-1]:
                self._end = b""
        except _LATER:
            pass
        except OSError as error:
            self._end = error
        if isinstance(self._below, socket.socket):
            acknowledge_at_once(self._below)
        return b"".join(parts)

    def readable(self) -> bool:
        """Return whether there is data to read without a call to the kernel."""
        return self._at < len(self._read) or self._end is not None or self._below.pending() > 0

    def send(self, octets: bytes) -> int:
        """Accept all octets; the next flush writes them."""
        self._unwritten.append(bytes(octets))
        return len(octets)

    def flush(self) -> None:
        """Write as much as the socket accepts now; raise OSError if the connection has gone."""
        if not self._unwritten:
            return
        octets = memoryview(b"".join(self._unwritten))
        written = 0
        try:
            with contextlib.suppress(*_LATER):
                while written < len(octets):
                    written += self._below.send(octets[written:])
        finally:
            self._unwritten = [bytes(octets[written:])] if written < len(octets) else []
            self.behind = bool(self._unwritten)

    def close(self) -> None:
        """Write as much as the socket accepts, and close it."""
        self.closed = True
        with contextlib.suppress(OSError):
            self.flush()
        self._below.close()

    def fileno(self) -> int:
        """Return the socket's file descriptor."""
        number: int = self._below.fileno()
        return number

    def setblocking(self, flag: bool) -> None:
        """Set the socket's blocking mode; paho calls this."""
        self._below.setblocking(flag)

    def settimeout(self, seconds: float) -> None:
        """Set the socket's time limit; paho calls this."""
        self._below.settimeout(seconds)

    def do_handshake(self) -> None:
        """Do nothing: the handshake was made before. Paho calls this."""

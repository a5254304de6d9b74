"""A connected socket that does not block, read and written in large pieces.

Each call to the kernel lets Python's other threads in, and a thread waits for its turn to go on: with a publisher and
a subscriber in one process that costs more than the call. One call for many small frames is what makes replay fast.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

from lab.clients.base import acknowledge_at_once

_AT_ONCE = 65_536  # bytes, after which no more are asked for
_RECORD = 16_384  # bytes in a TLS record at most: one read in part would leave bytes that no selector sees
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedStream:
    """For one thread, which calls `flush` when it has written."""

    def __init__(self, below: Any) -> None:
        self._below = below
        self._read = b""
        self._at = 0  # how much of it was given
        self._end: OSError | bytes | None = None  # what ended the reading, to be told after all that came before it
        self._unwritten: list[bytes] = []
        self.behind = False  # the socket did not take all at the last flush
        self.closed = False

    def recv(self, size: int) -> bytes:
        """Return what is there, at most `size` bytes; as a socket does where nothing is."""
        if self._at == len(self._read):
            self._read, self._at = self.take(), 0
        start = self._at
        self._at = min(start + size, len(self._read))
        return self._read[start : self._at]

    def take(self) -> bytes:
        """Read as much as the socket has now: a broker writes each small frame in a TLS record of its own."""
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
        """Return whether something can be read without asking the kernel."""
        return self._at < len(self._read) or self._end is not None or self._below.pending() > 0

    def send(self, octets: bytes) -> int:
        """Take all of it; it is written with the next flush."""
        self._unwritten.append(bytes(octets))
        return len(octets)

    def flush(self) -> None:
        """Write as much as the socket takes now; OSError where the connection has gone."""
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
        """Write what the socket takes, and close it."""
        self.closed = True
        with contextlib.suppress(OSError):
            self.flush()
        self._below.close()

    def fileno(self) -> int:
        """Return what a selector asks for."""
        number: int = self._below.fileno()
        return number

    def setblocking(self, flag: bool) -> None:
        """Pass on what the socket's user wants: paho makes it not block."""
        self._below.setblocking(flag)

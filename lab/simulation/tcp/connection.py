"""One end of a connection, for its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from lab.network.vpc import INTERNET

__all__ = ["INTERNET", "Address", "Connection", "Peer", "SilentPeer"]


class Address(NamedTuple):
    """The address of one end: an instance, or INTERNET, and its port."""

    host: str
    port: int


class Peer(Protocol):
    """The owner of one end of a connection; called by the kernel."""

    def opened(self, connection: Connection) -> None:
        """Take the requested connection, after TCP and, if requested, TLS."""
        ...

    def failed(self, why: str) -> None:
        """Handle a requested connection that did not open: "refused", "silent", "unreachable" or "tls"."""
        ...

    def received(self, frame: object) -> None:
        """Take a frame; frames come whole, once and in order."""
        ...

    def closed(self, why: str) -> None:
        """Handle the end, once, and not after this end's `close` or `abort`: "closed", "reset" or "timed out"."""
        ...


class SilentPeer:
    """An owner that does nothing, and a base for owners that need only some of the calls."""

    def opened(self, connection: Connection) -> None:
        """Do nothing."""

    def failed(self, why: str) -> None:
        """Do nothing."""

    def received(self, frame: object) -> None:
        """Do nothing."""

    def closed(self, why: str) -> None:
        """Do nothing."""


class Connection(Protocol):
    """One end of an open connection."""

    @property
    def near(self) -> Address:
        """Return this end's address."""
        ...

    @property
    def far(self) -> Address:
        """Return the other end's address."""
        ...

    @property
    def heard(self) -> int:
        """Return the moment, in ns, at which the last byte came in."""
        ...

    @property
    def unsent(self) -> int:
        """Return the bytes that wait in the send buffer or are under way."""
        ...

    def send(self, frame: object, size: int) -> None:
        """Send a frame of so many bytes; never block. Nothing is sent on a connection that has ended."""
        ...

    def when_drained(self, do: Callable[[], None]) -> None:
        """Call a function, once, when all that was sent has been taken by the other end's kernel."""
        ...

    def close(self) -> None:
        """End the connection after the data that was sent; nothing more is received."""
        ...

    def abort(self) -> None:
        """End the connection at once; the other end learns of a reset."""
        ...

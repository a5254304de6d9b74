"""Hosts joined by plain ordered pipes, for tests of what uses connections: no window, no loss, no policy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from lab.simulation.kernel import Kernel
from lab.simulation.tcp.connection import Address, Connection, Peer

_EPHEMERAL = 32_768  # the first port that a connecting host uses

Accept = Callable[[Connection], Peer]


class Pipes:
    """A Fabric whose hosts are those that are named; `delay` is the ns from one host to another."""

    def __init__(self, kernel: Kernel, delay: Callable[[str, str], int] = lambda source, target: 0) -> None:
        self._kernel, self._delay = kernel, delay
        self._listening: dict[tuple[str, int], Accept] = {}
        self._ports = count(_EPHEMERAL).__next__

    def address(self, host: str, *, seen_by: str = "") -> str:
        return f"address-of-{host}"

    def listen(self, instance: str, port: int, accept: Accept, *, buffers: tuple[int, int] | None = None) -> None:
        """Call `accept` with each connection that opens to a port, for the owner of its end."""
        self._listening[instance, port] = accept

    def close(self, instance: str, port: int) -> None:
        """Listen no more on a port; open connections go on."""
        self._listening.pop((instance, port), None)

    def connect(
        self,
        source: str,
        target: str,
        port: int,
        peer: Peer,
        *,
        within: int,
        tls: bool = True,
        buffers: tuple[int, int] | None = None,
    ) -> None:
        """Open a connection from an instance or INTERNET; `peer` learns within so many ns of how it went.

        `buffers` are this end's socket buffers in bytes, for sending and receiving; None for the system's own.
        """
        there, back = self._delay(source, target), self._delay(target, source)
        if (target, port) not in self._listening:
            self._kernel.after(there + back, peer.failed, "refused")
            return
        trips = 2 if tls else 1
        near, far = Address(source, self._ports()), Address(target, port)
        opens = self._kernel.now + trips * (there + back)
        self._kernel.at(opens, self._open, near, far, peer)

    def _open(self, near: Address, far: Address, peer: Peer) -> None:
        accept = self._listening.get((far.host, far.port))
        if accept is None:
            peer.failed("refused")
            return
        there, back = self._delay(near.host, far.host), self._delay(far.host, near.host)
        asking = Pipe(self._kernel, near, far, there)
        answering = Pipe(self._kernel, far, near, back)
        asking.other, answering.other = answering, asking
        asking.peer = peer
        self._kernel.after(there, answering.accepted, accept)
        peer.opened(asking)


class Pipe:
    """One end of a connection that delivers in order after a delay."""

    peer: Peer
    other: Pipe

    def __init__(self, kernel: Kernel, near: Address, far: Address, delay: int) -> None:
        self._kernel, self.near, self.far, self._delay = kernel, near, far, delay
        self.heard = kernel.now
        self.unsent = 0
        self._open = True
        self._on_drained: list[Callable[[], None]] = []

    def accepted(self, accept: Accept) -> None:
        """Be handed to whoever listens."""
        self.heard = self._kernel.now
        self.peer = accept(self)

    def send(self, frame: object, size: int) -> None:
        """Send a frame; it arrives after the delay."""
        if self._open:
            self.unsent += size
            self._kernel.after(self._delay, self._arrive, frame, size)

    def when_drained(self, do: Callable[[], None]) -> None:
        """Call a function, once, when all that was sent has arrived."""
        self._on_drained.append(do)

    def _arrive(self, frame: object, size: int) -> None:
        self.unsent -= size
        if self.other._open:
            self.other.heard = self._kernel.now
            self.other.peer.received(frame)
        if not self.unsent and self._open:
            waiting, self._on_drained = self._on_drained, []
            for each in waiting:
                each()

    def close(self) -> None:
        """End the connection after what was sent."""
        self._end("closed")

    def abort(self) -> None:
        """End the connection at once."""
        self._end("reset")

    def _end(self, why: str) -> None:
        if self._open:
            self._open = False
            self._kernel.after(self._delay, self.other.ended, why)

    def ended(self, why: str) -> None:
        """Learn that the other end has ended the connection."""
        if self._open:
            self._open = False
            self.peer.closed(why)

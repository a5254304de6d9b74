"""The opening of a connection: SYNs repeated until one is answered, then the round trips of TLS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from lab.network.vpc import INTERNET
from lab.simulation.kernel import SECOND, Kernel, Timer, cancel
from lab.simulation.tcp.connection import Address, Connection, Peer, SilentPeer
from lab.simulation.tcp.near import NearEnd
from lab.simulation.tcp.paths import Paths
from lab.simulation.tcp.stream import End, Hosts

SYN_RETRIES = 6  # net.ipv4.tcp_syn_retries
_SYN = (0, 8)  # bytes of options
_HELLO, _CERTIFICATE, _FINISHED = 517, 2300, 80  # bytes of the three flights of TLS 1.3
# Java writes the answering flight in two, and a record of its own before the asking one's last. Nagle's algorithm holds
# what is written second until the first is acknowledged, and the last flight's first is, by a kernel that waits so long
# for data to send with it: in a capture of two brokers at 70.6 ms, 73 ms for the one and 41 for the other.
_ANSWER, _CHANGE = 133, 6  # bytes
_DELAYED_ACK = SECOND // 25

Accept = Callable[[Connection], Peer]
Buffers = tuple[int, int] | None


class Listener(Protocol):
    """A port on which a server listens."""

    @property
    def accept(self) -> Accept:
        """Return the function that takes an open connection."""
        ...

    @property
    def buffers(self) -> Buffers:
        """Return the socket buffers of accepted connections."""
        ...


class Network(Hosts, Protocol):
    """The hosts, as the opening of a connection uses them."""

    kernel: Kernel
    paths: Paths

    def listener(self, at: Address) -> Listener | None:
        """Return the listener on a port."""
        ...

    def handshake(self, at: Address) -> int:
        """Return the ns of both ends' processors for a handshake with the listener on a port."""
        ...

    def remember(self, end: End) -> None:
        """Add a new end."""
        ...

    def when_running(self, host: str, do: Callable[[], None]) -> None:
        """Let a host's process do something, when it resumes if it is frozen."""
        ...


class Dial:
    """One attempt to open a connection."""

    def __init__(
        self,
        network: Network,
        near: Address,
        far: Address,
        peer: Peer,
        within: int,
        tls: bool,
        buffers: Buffers,
        plain_accept: bool,
        wholly_within: int | None = None,
    ) -> None:
        self._network, self._kernel = network, network.kernel
        self._there, self._back = network.paths.path(near.host, far.host), network.paths.path(far.host, near.host)
        self._near, self._far, self._peer, self._tls, self._buffers = near, far, peer, tls, buffers
        self._plain_accept = plain_accept
        self._of_java = near.host != INTERNET  # both ends; clients' libraries write a flight at once
        self._over = False
        self._tries, self._sent = 0, 0
        self._again: Timer | None = None
        self._answering: End | None = None
        self._asking: End | None = None
        self._wholly_by = None if wholly_within is None else self._kernel.now + wholly_within
        self._limit = self._kernel.after(within, self._fail, "silent")
        self._syn()

    def _syn(self) -> None:
        if self._over:
            return
        self._sent = self._kernel.now
        if self._tries < SYN_RETRIES:
            self._again = self._kernel.after(SECOND << self._tries, self._syn)
        self._tries += 1
        self._there.send(*_SYN, self._asked, self._refused, new=self._far.port)

    def _refused(self) -> None:
        self._fail("refused")

    def _asked(self, *of: int) -> None:
        """Answer at the other host: its kernel does, whatever its processes do."""
        listener = self._network.listener(self._far)
        if listener is None:
            self._back.send(*_SYN, lambda *of: self._refused(), _nothing)
            return
        if self._answering is None:
            waiting = _Waiting(self, listener)
            kind = NearEnd if self._there.near else End
            self._answering = kind(self._network, self._far, self._near, waiting, listener.buffers)
            self._asking = kind(self._network, self._near, self._far, _Shaking(self), self._buffers)
            self._answering.other, self._asking.other = self._asking, self._answering
        self._back.send(*_SYN, self._answered, _nothing)

    def _answered(self, *of: int) -> None:
        if self._over or self._asking is None or self._answering is None or self._again is None:
            return
        cancel(self._again)
        self._again = None
        if self._tries == 1:
            for end in (self._asking, self._answering):
                end.congestion.measured(self._kernel.now - self._sent)
        for end in (self._asking, self._answering):
            self._network.remember(end)
        self._asking.heard = self._answering.heard = self._kernel.now
        if self._wholly_by is not None:  # Java's limit is of TCP alone
            cancel(self._limit)
            self._limit = self._kernel.after(max(self._wholly_by - self._kernel.now, 0), self._fail, "silent")
        if self._tls:
            self._network.when_running(self._near.host, partial(self._asking.send, "hello", _HELLO))
        else:
            self._asking.send("open", 1)
            self.done()

    def done(self) -> None:
        """Hand the connection to its client."""
        if not self._over and self._asking is not None:
            self._over = True
            cancel(self._limit)
            self._asking.hand_over(self._peer)
            self._peer.opened(self._asking)

    def finish(self) -> None:
        """Send the last flight of TLS, as the kernel does that has it; data may follow, from a process that runs."""
        if not self._over and self._asking is not None:
            self._asking.send("finished", _FINISHED)
            cancel(self._limit)
            self._network.when_running(self._near.host, self.done)

    def fail(self, why: str) -> None:
        """Handle the end of a connection that was still opening."""
        self._fail("refused" if why in ("closed", "reset") else "silent")

    def _fail(self, why: str) -> None:
        if not self._over:
            self._over = True
            cancel(self._limit)
            if self._again is not None:
                cancel(self._again)
            if self._asking is not None:
                self._asking.abort()
            self._peer.failed(why)

    def accept(self, end: End, listener: Listener) -> None:
        """Hand the other end to the listener, unless the connection is only an attempt."""
        end.hand_over(SilentPeer())
        if self._plain_accept:
            end.peer = listener.accept(end)

    def shake(self, end: End) -> None:
        """Answer TLS's hello, once the processors have worked at it."""
        answer = ("answer", _ANSWER) if self._of_java else ("certificate", _CERTIFICATE)
        self._kernel.after(self._network.handshake(self._far), end.send, *answer)

    def change(self) -> None:
        """Answer the first part of TLS's answer."""
        if not self._over and self._asking is not None:
            self._asking.send("change", _CHANGE)

    def certify(self) -> None:
        """Finish the handshake, after the delayed acknowledgement that lets the flight before it leave."""
        if self._of_java:
            self._kernel.after(_DELAYED_ACK, self.finish)
        else:
            self.finish()


class _Waiting(SilentPeer):
    """The answering end while the connection opens."""

    def __init__(self, dial: Dial, listener: Listener) -> None:
        self._dial, self._listener = dial, listener

    def received(self, frame: object) -> None:
        """Continue the handshake."""
        end = self._dial._answering
        assert end is not None  # it receives
        if frame == "hello":
            self._dial.shake(end)
        elif frame == "change":
            end.send("certificate", _CERTIFICATE)
        else:
            self._dial.accept(end, self._listener)


class _Shaking(SilentPeer):
    """The asking end while the connection opens."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    def received(self, frame: object) -> None:
        """Continue the handshake."""
        if frame == "answer":
            self._dial.change()
        else:
            self._dial.certify()

    def closed(self, why: str) -> None:
        """Report the end to the client."""
        self._dial.fail(why)


def _nothing(*of: object) -> None:
    pass

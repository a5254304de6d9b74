"""One end of a TCP connection over a link: receiving and ending. `sender` has the sending."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from lab.simulation.kernel import Kernel, Timer, cancel
from lab.simulation.tcp.buffers import DEFAULT_SEGMENT_BYTES, LARGEST_BUFFER_BYTES, holds, window
from lab.simulation.tcp.connection import Address, Peer
from lab.simulation.tcp.flights import DELAYED, Pairs, joined
from lab.simulation.tcp.paths import LAN, SEGMENT, Paths
from lab.simulation.tcp.recovery import TWICE
from lab.simulation.tcp.sender import Sending

AUTOTUNED = 4 << 20  # bytes: Linux lets a buffer grow so far where no option sets it
_FIN = object()


class Hosts(Protocol):
    """The hosts of connections, as an end uses them."""

    kernel: Kernel
    paths: Paths
    frozen: set[str]  # hosts whose processes are; their kernels go on

    def forget(self, end: End) -> None:
        """Remove an end."""
        ...


class End(Sending):
    """One end of a connection; its `peer` is the owner's."""

    __slots__ = (
        "_buffers", "_came", "_frozen", "_gaps", "_got", "_host", "_late", "_later", "_parting", "_segment",
        "_taken", "_window", "_wrote", "heard", "hosts", "pairs",
    )  # fmt: skip
    other: End

    def __init__(self, hosts: Hosts, near: Address, far: Address, peer: Peer, buffers: tuple[int, int] | None) -> None:
        path = hosts.paths.path(near.host, far.host)
        send, receive = (AUTOTUNED, AUTOTUNED) if buffers is None else (buffers[0], window(buffers[1], 0))
        super().__init__(hosts.kernel, near, far, path, peer, send)
        self.hosts, self.heard = hosts, hosts.kernel.now
        self._host, self._frozen = near.host, hosts.frozen
        self._buffers, self._window = buffers, receive
        self._segment, self._came = DEFAULT_SEGMENT_BYTES, 0  # bytes: a full packet's, and the last one's
        self._wrote = 0  # bytes of the longest write so far, TLS handshakes' too: none shorter than theirs was measured
        # receiving: in order up to `_got`, and more after gaps; the owner has taken those up to `_taken`
        self._got = self._taken = 0
        self._gaps: list[tuple[int, int]] = []
        self.pairs = Pairs()
        self._late = 0  # ns: when the first of two segments is answered alone; 0: none waits
        self._later: Timer | None = None  # set to then or before
        self._parting = 0  # until when the other end's last words may be on their way

    @property
    def unsent(self) -> int:
        """Return the bytes that were not acknowledged yet."""
        return self._written - max(self._acked, self._before)

    def hand_over(self, peer: Peer) -> None:
        """Change to another owner, which has sent nothing yet."""
        self.peer, self._before = peer, self._written

    def send(self, frame: object, size: int) -> None:
        """Send a frame of so many bytes."""
        if self.state == "open":
            if self._buffers is not None and size > self._wrote:
                far = LARGEST_BUFFER_BYTES if self.other._buffers is None else self.other._buffers[1]
                self._wrote, self.send_buffer = size, holds(self._buffers[0], size, far)
                self._full = False
            self._written = written = self._written + size
            self._frames.append((written, frame))
            if not self._full:
                self._push()

    def close(self) -> None:
        """End after the data that was sent."""
        if self.state == "open":
            self._written += 1
            self._frames.append((self._written, _FIN))
            self.state = "closing"
            self._push()

    def abort(self) -> None:
        """End at once with a reset."""
        if self.state != "closed":
            self._over()
            self._answer_by_reset()

    def vanish(self) -> None:
        """End with the process: its kernel sends one FIN or reset, and no more of the owner's data."""
        if self.state != "closed":
            why = "reset" if self._got > self._taken or self.unsent else "closed"
            self._over()
            self.other._parting = self._kernel.now + self._path.delay + LAN
            self._path.send(0, 0, lambda *of: self.other.hear_end(why), _nothing)

    def room(self) -> int:
        """Return the bytes that fit into this end's receive buffer."""
        return self._window - (self._got - self._taken)

    def arrive(self, start: int, end: int, again: int = 0) -> None:
        """Take bytes that have arrived, sent `again` or for the first time."""
        if self.state == "closed":
            self._answer_by_reset()
            return
        self.heard = now = self._kernel.now
        self.answers.came(now, end - start <= SEGMENT)
        if start > (got := self._got):
            self._gaps = joined(self._gaps, start, end)
        elif end > got:
            self._got = got = end
            while self._gaps and self._gaps[0][0] <= got:
                self._got = got = max(got, self._gaps.pop(0)[1])
        elif again:
            again = TWICE
        if self._buffers is not None and (length := end - start) != self._segment:
            if length > DEFAULT_SEGMENT_BYTES:
                self._measure(length, self._buffers[1])
            else:
                self._came = length
        if self._gaps or again:
            self._answer(again)
        elif self.pairs and self.pairs.first(got) and self.other._path.delays_only:
            self._late = self._late or self._kernel.now + DELAYED
            if self._later is None:
                self._later = self._kernel.at(self._late, self._answer_late)
        else:
            self._late = 0
            self._path.send(got, got, self.other.on_answer, self._on_reset)
        if self._taken < got:
            self.take()

    def _measure(self, length: int, buffer: int) -> None:
        """Size the window by a packet that is longer than any before, or the second of its length in a row."""
        segment = min(length, SEGMENT)
        if segment > self._segment or (DEFAULT_SEGMENT_BYTES < segment < self._segment and length == self._came):
            self._segment, self._window = segment, window(buffer, length)
        self._came = length

    def _answer(self, again: int = 0) -> None:
        """Acknowledge the bytes that have arrived."""
        self._late = 0
        upto, told = self._got, self.other.on_answer
        if self._gaps or again:
            told = partial(told, gaps=tuple(self._gaps), again=again)
        self._path.send(upto, upto, told, self._on_reset)

    def _tell_room(self) -> None:
        self._answer()

    def _answer_late(self) -> None:
        """Answer the first of two segments alone, if the second has not come; else look again when the last one is due.

        So one timer is set for many segments, of which mostly none is late.
        """
        self._later = None
        if self._late and self.state != "closed":
            if self._late > self._kernel.now:
                self._later = self._kernel.at(self._late, self._answer_late)
            else:
                self._answer()

    def _answer_by_reset(self) -> None:
        self._path.send(0, 0, lambda *of: self.other.reset(), _nothing)

    def take(self) -> None:
        """Hand the frames that have arrived to the owner, unless the owner is frozen."""
        if self._host in self._frozen or self.state == "closed":
            return
        frames, got = self.other._frames, self._got
        full = self._window - got + self._taken < SEGMENT
        while frames and frames[0][0] <= got:
            self._taken, frame = frames.popleft()
            if self.state == "open" and frame is not _FIN:
                self.peer.received(frame)
            elif frame is _FIN:
                self.hear_end("closed")
            else:  # closed by its owner, which nothing reaches any more
                self.abort()
            if self.state == "closed":
                return
        if self._taken < got:  # else the owner has blocked, and more been taken meanwhile
            self._taken = got
        if full and self.room() >= SEGMENT:
            self._tell_room()

    def hear_end(self, why: str) -> None:
        """Handle the end of the connection."""
        if self.state == "open":
            if self._host in self._frozen:
                self._got += 1
                self.other._frames.append((self._got, _FIN))
                return
            self._over()
            self.peer.closed(why)
        else:
            self._over()

    def reset(self) -> None:
        """Handle a reset from the other end, after its last data has arrived."""
        if self.state != "closed" and self._kernel.now >= self._parting:
            told = self.state == "open"
            self._over()
            if told:
                self.peer.closed("reset")

    def _over(self) -> None:
        self.state, self._due = "closed", None
        if self._timer is not None:
            cancel(self._timer)
        if self._later is not None:
            cancel(self._later)
        self._flights.clear()
        self.hosts.forget(self)


def _nothing(*of: object) -> None:
    pass

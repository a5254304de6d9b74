"""One end of a TCP connection: windows, acknowledgements, loss noticed and mended, and how it ends.

Bytes are only counted; the frames that they stand for lie in a list that both ends see. What is sent at one instant is
one flight, and one event where nothing of it is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from lab.simulation.kernel import SECOND, Kernel, Timer
from lab.simulation.tcp.congestion import Congestion
from lab.simulation.tcp.connection import Address, Peer
from lab.simulation.tcp.flights import Flight, joined, missing
from lab.simulation.tcp.paths import HEADERS, SEGMENT, Paths, sizes_of

AUTOTUNED = 4 << 20  # bytes: Linux lets a buffer grow so far where nobody sets it
RETRIES, ORPHAN_RETRIES = 15, 8  # net.ipv4.tcp_retries2, tcp_orphan_retries
_FIN = object()
_ACK = (HEADERS,)
_LEAST = SECOND // 100


class Hosts(Protocol):
    """What an end asks of the hosts."""

    kernel: Kernel
    paths: Paths

    def frozen(self, host: str) -> bool:
        """Return whether a host's processes are frozen; its kernel goes on."""
        ...

    def forget(self, end: End) -> None:
        """Learn that an end is no more."""
        ...


class End:
    """One end of a connection; its `peer` is the owner's."""

    other: End

    def __init__(self, hosts: Hosts, near: Address, far: Address, peer: Peer, buffers: tuple[int, int] | None) -> None:
        self.hosts, self._kernel, self._paths = hosts, hosts.kernel, hosts.paths
        self.near, self.far, self.peer = near, far, peer
        self.send_buffer, self.receive_buffer = buffers or (AUTOTUNED, AUTOTUNED)
        self.heard = self._kernel.now
        self.state = "open"  # "closing": what was sent still goes out; "closed"
        self.congestion = Congestion()
        self._lossless = self._paths.lossless(near.host, far.host)
        # sending: bytes acknowledged ≤ bytes sent ≤ bytes written
        self._frames: deque[tuple[int, object]] = deque()  # by the byte after each
        self._acked = self._sent = self._written = self._before = 0
        self._flights: list[Flight] = []
        self._recover = 0  # a loss before this byte was answered already
        self._odd = False  # something is lost, or arrived after a gap
        self._timer: Timer | None = None
        self._due: tuple[int, Callable[[], None]] | None = None  # what the timer is for
        self._probed = False
        # receiving: in order up to `_got`, and more after gaps; the owner has taken those up to `_taken`
        self._got = self._taken = 0
        self._gaps: list[tuple[int, int]] = []

    @property
    def unsent(self) -> int:
        """Return the bytes that were not acknowledged yet."""
        return self._written - max(self._acked, self._before)

    def hand_over(self, peer: Peer) -> None:
        """Have another owner, which has sent nothing yet."""
        self.peer, self._before = peer, self._written

    def send(self, frame: object, size: int) -> None:
        """Send a frame of so many bytes."""
        if self.state == "open":
            self._write(frame, size)

    def close(self) -> None:
        """End after what was sent."""
        if self.state == "open":
            self._write(_FIN, 1)
            self.state = "closing"

    def abort(self) -> None:
        """End at once with a reset."""
        if self.state != "closed":
            self._over()
            self._paths.send(self.near.host, self.far.host, _ACK, lambda *of: self.other.reset(), _nothing)

    def vanish(self) -> None:
        """End with the process: its kernel says goodbye once, whatever the owner had to say."""
        if self.state != "closed":
            why = "reset" if self._got > self._taken or self.unsent else "closed"
            self._over()
            self._paths.send(self.near.host, self.far.host, _ACK, lambda *of: self.other.hear_end(why), _nothing)

    def _write(self, frame: object, size: int) -> None:
        self._written += size
        self._frames.append((self._written, frame))
        self._push()

    def _push(self) -> None:
        """Send what the windows allow: first what was lost."""
        most = min(self.congestion.window, self.send_buffer)
        window = self.other.window
        pipe = self._sent - self._acked
        if self._odd:
            pipe = sum(each.end - each.start for each in self._flights if not each.lost)
            for each in [*self._flights]:
                if each.lost and pipe < most:
                    pipe += self._again(each, most - pipe)
        while self._sent < self._written:
            left = self._written - self._sent
            size = min(left, most - pipe, self._acked + window - self._sent)
            if size <= 0 or (size < SEGMENT and size < left and pipe):
                break
            if size < left and size > SEGMENT:
                size -= size % SEGMENT
            self._fly(Flight(self._sent, self._sent + size, self._kernel.now))
            self._sent += size
            pipe += size
        self._arm()

    def _again(self, lost: Flight, room: int) -> int:
        """Send a part of what was lost again; return its size."""
        size = min(lost.end - lost.start, max(room - room % SEGMENT, SEGMENT))
        sent = Flight(lost.start, lost.start + size, self._kernel.now, again=True)
        at = self._flights.index(lost)
        lost.start += size
        if lost.start == lost.end:
            self._flights.pop(at)
        self._fly(sent, at)
        return size

    def _fly(self, flight: Flight, at: int | None = None) -> None:
        self._flights.insert(len(self._flights) if at is None else at, flight)
        start, end = flight.start, flight.end

        def arrived(first: int, last: int) -> None:
            self.other.arrive(start + first * SEGMENT, min(start + last * SEGMENT, end))

        self._paths.send(self.near.host, self.far.host, sizes_of(end - start), arrived, self.reset)

    @property
    def window(self) -> int:
        """Return the bytes that fit into this end's receive buffer."""
        return self.receive_buffer - (self._got - self._taken)

    def arrive(self, start: int, end: int) -> None:
        """Take bytes that came in."""
        if self.state == "closed":
            self._paths.send(self.near.host, self.far.host, _ACK, lambda *of: self.other.reset(), _nothing)
            return
        self.heard = self._kernel.now
        if start > self._got:
            self._gaps = joined(self._gaps, start, end)
        elif end > self._got:
            self._got = end
            while self._gaps and self._gaps[0][0] <= self._got:
                self._got = max(self._got, self._gaps.pop(0)[1])
        self._answer()
        self.take()

    def _answer(self) -> None:
        upto, gaps, end = self._got, tuple(self._gaps), self.other
        if self._lossless:
            end.acknowledged(upto, gaps)
        else:
            self._paths.send(self.near.host, self.far.host, _ACK, lambda *of: end.acknowledged(upto, gaps), self.reset)

    def take(self) -> None:
        """Hand the owner what is there, unless it is frozen."""
        frames, full = self.other._frames, self.window < SEGMENT
        while self._taken < self._got and not self.hosts.frozen(self.near.host) and self.state != "closed":
            if not frames or frames[0][0] > self._got:
                self._taken = self._got
                break
            self._taken, frame = frames.popleft()
            if frame is _FIN:
                self.hear_end("closed")
            elif self.state == "open":
                self.peer.received(frame)
            else:  # closed by its owner, whom nothing reaches any more
                self.abort()
        if full and self.state != "closed" and self.window >= SEGMENT:
            self._answer()

    def hear_end(self, why: str) -> None:
        """Learn that the connection is over."""
        if self.state == "open":
            if self.hosts.frozen(self.near.host):
                self._got += 1
                self.other._frames.append((self._got, _FIN))
                return
            self._over()
            self.peer.closed(why)
        else:
            self._over()

    def reset(self) -> None:
        """Learn that the other end knows nothing of the connection."""
        if self.state != "closed":
            told = self.state == "open"
            self._over()
            if told:
                self.peer.closed("reset")

    def acknowledged(self, upto: int, gaps: tuple[tuple[int, int], ...]) -> None:
        """Learn what has arrived; what was sent before something that did, and did not, is lost."""
        if self.state == "closed":
            return
        now, before = self._kernel.now, self._sent - self._acked
        newest = self._settle(upto, gaps, now)
        if newest is not None:
            self._probed = False
            if self._odd:
                self._notice(newest)
        if upto > self._acked:
            gained, self._acked = upto - self._acked, upto
            self.congestion.acknowledged(gained, now, before)
        done = self._acked == self._written
        if done and self.state == "closing":
            self._over()
            return
        if not done:
            self._push()
        else:
            self._arm()
            if newest is not None and self._acked > self._before:
                self.peer.drained()

    def _settle(self, upto: int, gaps: tuple[tuple[int, int], ...], now: int) -> tuple[int, int] | None:
        """Remove what has arrived; return when, and up to where, the last of it was sent that was sent."""
        flights, newest, done = self._flights, None, 0
        if gaps or self._odd:
            self._odd = True
            left: list[Flight] = []
            for each in flights:
                parts = missing(each, upto, gaps)
                if parts != [(each.start, each.end)]:
                    newest = max(newest or (0, 0), (each.sent, each.end))
                    if not each.again:
                        self.congestion.measured(now - each.sent)
                left += [Flight(start, end, each.sent, each.lost, each.again) for start, end in parts]
            self._flights = left
            self._odd = bool(gaps) or any(each.lost or each.again for each in left)
            return newest
        for each in flights:
            if each.end > upto:
                if each.start < upto:
                    newest, each.start = (each.sent, upto), upto
                break
            newest, done = (each.sent, each.end), done + 1
            self.congestion.measured(now - each.sent)
        del flights[:done]
        return newest

    def _notice(self, newest: tuple[int, int]) -> None:
        """Take for lost what was sent before something that has arrived: a cable keeps the order."""
        lost = [each for each in self._flights if not each.lost and (each.sent, each.start) < newest]
        for each in lost:
            each.lost = True
        if lost and lost[0].start >= self._recover:
            self.congestion.lost()
            self._recover = self._sent

    def _arm(self) -> None:
        """Set the timer to the moment at which what is not acknowledged counts as lost."""
        self._due = self._next_due()
        if self._due is not None and (self._timer is None or self._timer[0] > self._due[0]):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._kernel.at(self._due[0], self._ring)

    def _ring(self) -> None:
        """Do what is due, or set the timer anew where that has moved."""
        self._timer = None
        if self._due is not None and self.state != "closed":
            if self._due[0] > self._kernel.now:
                self._timer = self._kernel.at(self._due[0], self._ring)
            else:
                self._due[1]()

    def _next_due(self) -> tuple[int, Callable[[], None]] | None:
        if self._flights and not self._lossless:
            times = (
                [each.sent for each in self._flights] if self._odd else [self._flights[0].sent, self._flights[-1].sent]
            )
            first = min(times) + self.congestion.timeout
            trip = self.congestion.round_trip
            probe = max(times) + 2 * trip + _LEAST
            single = len(self._flights) == 1 and self._flights[0].end - self._flights[0].start <= SEGMENT
            if trip and probe < first and not (self._probed or self.congestion.backed_off or single or self._odd):
                return probe, self._probe
            return max(first, self._kernel.now + _LEAST), self._expire
        if self._blocked:
            return self._kernel.now + self.congestion.timeout, self._ask_window
        return None

    @property
    def _blocked(self) -> bool:
        return self._sent < self._written and not self._flights

    def _probe(self) -> None:
        """Send the last segment again, so that a loss at the end is noticed (RFC 8985)."""
        self._probed = True
        last = self._flights[-1]
        start = max(last.start, last.end - SEGMENT)
        if start == last.start:
            self._flights.pop()
        last.end, self._odd = start, True
        self._fly(Flight(start, self._sent, self._kernel.now, again=True))
        self._arm()

    def _expire(self) -> None:
        """Take everything for lost."""
        self.congestion.timed_out()
        if self.congestion.backed_off > (RETRIES if self.state == "open" else ORPHAN_RETRIES):
            told = self.state == "open"
            self._over()
            if told:
                self.peer.closed("timed out")
            return
        for each in self._flights:
            each.lost = True
        self._odd, self._recover = True, self._sent
        self._push()

    def _ask_window(self) -> None:
        """Ask whether the other end has room again: an empty packet."""
        self.congestion.backed_off = min(self.congestion.backed_off + 1, 10)
        at, end = self._sent, self.other
        self._paths.send(self.near.host, self.far.host, _ACK, lambda *of: end.arrive(at, at), self.reset)
        self._push()

    def _over(self) -> None:
        self.state, self._due = "closed", None
        if self._timer is not None:
            self._timer.cancel()
        self._flights.clear()
        self.hosts.forget(self)


def _nothing(*of: object) -> None:
    pass

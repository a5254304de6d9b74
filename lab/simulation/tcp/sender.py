"""The sending half of a TCP connection's end: windows, acknowledgements, detection and repair of loss.

Bytes are only counted; the frames that they stand for lie in a list that both ends see. What is sent at one instant is
one flight, and one event where nothing of it is lost. Where no link is between the hosts nothing is, and no end needs
to acknowledge.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from lab.simulation.kernel import Kernel, Timer, cancel
from lab.simulation.tcp.congestion import Congestion
from lab.simulation.tcp.connection import Address, Peer
from lab.simulation.tcp.flights import Answers, Flight, Pairs, missing
from lab.simulation.tcp.paths import SEGMENT, Path
from lab.simulation.tcp.recovery import SHORTEST_TIMEOUT_NS, Recovery

RETRIES, ORPHAN_RETRIES = 15, 8  # net.ipv4.tcp_retries2, tcp_orphan_retries
_ANY_PACKETS = 1 << 40  # packets: any number


class Receiving(Protocol):
    """The other end, as it receives."""

    _window: int  # bytes of its receive buffer
    _got: int  # bytes that have come, in order
    _taken: int  # bytes that its owner has taken of them
    pairs: Pairs
    answers: Answers

    @property
    def on_arrival(self) -> Callable[..., None]:
        """Return the method that takes bytes on their arrival: `arrive`."""
        ...

    def room(self) -> int:
        """Return the bytes that fit into its receive buffer."""
        ...


class Sending:
    """The sending half of an end."""

    __slots__ = (
        "_acked", "_before", "_begun", "_calm", "_due", "_flights", "_frames", "_full", "_kernel", "_odd",
        "_on_drained", "_on_reset", "_packets", "_path", "_sent", "_spoke", "_timer", "_waits", "_written", "answers",
        "congestion", "far", "near", "on_answer", "on_arrival", "other", "peer", "recovery", "send_buffer", "state",
    )  # fmt: skip
    other: Receiving

    def __init__(self, kernel: Kernel, near: Address, far: Address, path: Path, peer: Peer, send_buffer: int) -> None:
        self._kernel, self.near, self.far, self.peer, self._path = kernel, near, far, peer, path
        self.send_buffer = send_buffer
        # the methods that every flight is to call: a method that is asked for is made anew each time
        self.on_arrival: Callable[..., None] = self.arrive
        self.on_answer, self._on_reset = self.acknowledged, self.reset
        self.state = "open"  # "closing": what was sent still goes out; "closed"
        self.congestion, self.recovery = Congestion(), Recovery(path.phase)
        # bytes acknowledged ≤ bytes sent ≤ bytes written
        self._frames: deque[tuple[int, object]] = deque()  # by the byte after each
        self._acked = self._sent = self._written = self._before = 0
        self._flights: list[Flight] = []
        self._packets = 0  # of them
        self._spoke = kernel.now  # when data was last sent
        self._odd = False  # something is lost, or arrived after a gap
        self._timer: Timer | None = None
        self._due: tuple[int, Callable[[], None]] | None = None  # what the timer is for
        self._begun = 0  # when an answer, a probe or a time-out had the timer begin anew: RFC 6298, 5.3 and 5.6
        self._full = False  # nothing more may go before an answer comes
        self._waits = 0  # since when the other end has no room
        self._calm = 0  # the most packets for which the timer was set, while nothing was lost
        self._on_drained: list[Callable[[], None]] = []  # called once the other end has taken all
        self.answers = Answers()

    def when_drained(self, do: Callable[[], None]) -> None:
        """Call a function, once, when all that was sent has been taken by the other end's kernel."""
        self._on_drained.append(do)

    def _tell_drained(self) -> None:
        waiting, self._on_drained = self._on_drained, []
        for each in waiting:
            each()

    @abstractmethod
    def arrive(self, start: int, end: int, again: int = 0) -> None:
        """Take bytes that have arrived, sent `again` or for the first time."""

    @abstractmethod
    def reset(self) -> None:
        """Handle a reset: the other end does not have the connection."""

    @abstractmethod
    def _over(self) -> None:
        """End."""

    def _push(self) -> None:
        """Send the bytes that the windows allow, lost bytes first."""
        now, flights, congestion = self._kernel.now, self._flights, self.congestion
        sent, written = self._sent, self._written
        if not flights and written > sent:
            congestion.rested(now - self._spoke)
        most, out = int(congestion.window), self._packets
        other = self.other
        room = other._window - other._got + other._taken  # as `room` says
        upto = self._acked + (room if room < self.send_buffer else self.send_buffer)
        if self._odd:
            out = sum(each.packets for each in flights if not each.lost)
            for each in [*flights]:
                if each.lost and out < most:
                    out += self._again(each, most - out)
        if self.state == "closing" and out >= most and written - sent <= SEGMENT:
            most = out + 1  # the window is not for the last packet
        while sent < written:
            size = written - sent
            if size > upto - sent or size > (most - out) * SEGMENT:
                size = min((most - out) * SEGMENT, upto - sent)
                if size <= 0 or (size < SEGMENT and flights):
                    self._full = bool(flights) and not self._odd
                    break
                if size > SEGMENT:
                    size -= size % SEGMENT
            if not flights:
                congestion.resumed(now - self._spoke, now)
            end = sent + size
            flights.append(flight := Flight(sent, end, now))
            self._path.send(sent, end, other.on_arrival, self._on_reset)
            other.pairs.sent(end, now, size <= SEGMENT)
            if self.answers.heard:
                self.answers.sent(now)
            self._sent, self._spoke = end, now
            sent = end
            out += (packets := 1 if size <= SEGMENT else flight.packets)
            self._packets += packets
        if self._timer is None or self._packets > self._calm or self._odd or congestion.backed_off:
            self._arm()

    def _again(self, lost: Flight, room: int) -> int:
        """Send a part of a lost flight again, at most `room` packets; return the number of packets sent."""
        size = min(lost.end - lost.start, room * SEGMENT)
        sent = Flight(lost.start, lost.start + size, self._kernel.now, first=lost.begun)
        at = self._flights.index(lost)
        lost.start += size
        if lost.start == lost.end:
            self._flights.pop(at)
        self._fly(sent, at)
        return sent.packets

    def _fly(self, flight: Flight, at: int | None = None) -> None:
        self._flights.insert(len(self._flights) if at is None else at, flight)
        self._spoke = flight.sent
        self._path.send(flight.start, flight.end, partial(self.other.on_arrival, again=1), self._on_reset)

    def acknowledged(self, upto: int, _: int, gaps: tuple[tuple[int, int], ...] = (), again: int = 0) -> None:
        """Take an acknowledgement. Missing bytes that were sent before acknowledged bytes are lost.

        `again` is true if a retransmission is answered, as time stamps show (RFC 7323); TWICE after a D-SACK.
        """
        if self.state == "closed":
            return
        self._full = False
        now, before, flights, congestion = self._kernel.now, self._packets, self._flights, self.congestion
        newest: tuple[int, int] | None
        if gaps or self._odd:
            newest = self._settle_odd(upto, gaps, now, again)
        elif flights and (first := flights[0]).end == upto:  # as mostly, one flight has arrived
            del flights[0]
            self._packets -= 1 if upto - first.start <= SEGMENT else first.packets
            congestion.measured(now - first.sent, self.other.answers.late)
            newest = first.sent, upto
        else:
            newest = self._settle(upto, now)
        if self.recovery.tail and self.recovery.mended(upto, again):
            congestion.lost()
        if newest is not None:
            self._waits = 0
            if self._odd:
                self.recovery.came(newest, before - self._packets, gaps=bool(gaps))
                self._notice(upto, congestion.reordering)
        elif self._waits and self.other.room() >= SEGMENT:  # backing off was for its window: `tcp_ack_probe`
            self._waits = congestion.backed_off = 0
        if upto > self._acked:
            self._acked, self._begun = upto, now
            # a window that was not used, as mostly, does not grow: `Congestion.acknowledged`
            if before * 2 >= congestion.window and (upto >= (its := self.recovery).upto or its.grows(upto)):
                congestion.acknowledged(before - self._packets, now, before)
        done = self._acked == self._written
        if done and self.state == "closing":
            self._over()
        elif self._odd or self._sent < self._written:
            self._push()
        else:
            if self._timer is None or self._packets > self._calm or congestion.backed_off:
                self._arm()
            if done and self._on_drained and newest is not None and self._acked > self._before:
                self._tell_drained()

    def _settle(self, upto: int, now: int) -> tuple[int, int] | None:
        """Remove the bytes that have arrived; return the moment and the end of the last flight among them."""
        flights, last, done = self._flights, None, 0
        for each in flights:
            if (end := each.end) > upto:
                if each.start < upto:
                    self._packets -= each.packets
                    each.start = upto
                    self._packets += each.packets
                    del flights[:done]
                    return each.sent, upto
                break
            last, done = each, done + 1
            self._packets -= 1 if end - each.start <= SEGMENT else each.packets
            self.congestion.measured(now - each.sent, self.other.answers.late)
        if last is None:
            return None
        del flights[:done]
        return last.sent, last.end

    def _settle_odd(self, upto: int, gaps: tuple[tuple[int, int], ...], now: int, again: int) -> tuple[int, int] | None:
        """Do the same as `_settle` if bytes are lost, or arrived after a gap."""
        flights, newest = self._flights, None
        self._odd = True
        left: list[Flight] = []
        came: list[Flight] = []
        for each in flights:
            parts = missing(each, upto, gaps)
            if parts != [(each.start, each.end)]:
                newest = max(newest or (0, 0), (each.sent if again else each.begun, each.end))
                came.append(each)
            left += [Flight(start, end, each.sent, each.lost, each.first) for start, end in parts]
        self._flights = left
        self._packets = sum(each.packets for each in left)
        if newest is not None:
            if left and newest[0] < left[0].sent:
                self._begun = now
            self.congestion.measured(now - newest[0])  # once: it is what a time stamp tells of
            late = any(each.sent > newest[0] or (each.lost and each.first is None) for each in came)
            if late and self.congestion.undone():
                self.recovery.upto = upto
                for each in left:
                    each.lost = False
            if upto >= self.recovery.upto:
                self.congestion.recovered()
        self._odd = bool(gaps) or any(each.lost or each.first is not None for each in left)
        return newest

    def _notice(self, upto: int, patience: int) -> None:
        """Regard flights as lost if later ones have arrived: a cable keeps the order."""
        now, trip = self._kernel.now, self.congestion.last_trip
        lost = self.recovery.overtaken(self._flights, upto, now, trip, patience)
        for each in lost:
            each.lost = True
        if lost and upto >= self.recovery.upto:
            self.congestion.lost()
            self.recovery.begin(self._sent)
            self._again(lost[0], 1)  # whatever the window: `tcp_cwnd_reduction`

    def _give_up_overtaken(self) -> None:
        """End the wait for overtaken flights: `tcp_rack_reo_timeout`."""
        self._notice(self._acked, 0)
        self._push()

    def _arm(self) -> None:
        """Set the timer to the moment when unacknowledged bytes count as lost. A timer that is already set rings first.

        No call is needed if a timer is set, the packets are no more than when it was set, and nothing is lost.
        """
        odd = self._odd or self.congestion.backed_off or self.recovery.tail
        self._calm = 0 if odd else 1 if self._packets == 1 else _ANY_PACKETS
        self._due = self._next_due()
        if self._due is not None and (self._timer is None or self._timer[0] > self._due[0]):
            if self._timer is not None:
                cancel(self._timer)
            self._timer = self._kernel.at(max(self._due[0], self._kernel.now + SHORTEST_TIMEOUT_NS), self._ring)

    def _ring(self) -> None:
        """Do the due action, or set the timer again if the moment has moved."""
        self._timer = None
        if self.state == "closed" or (due := self._next_due()) is None:
            return
        moment, do = due
        if moment > self._kernel.now:
            self._due = due
            self._timer = self._kernel.at(moment, self._ring)
        else:
            do()

    def _next_due(self) -> tuple[int, Callable[[], None]] | None:
        if self._flights:
            if self.recovery.due:
                return self.recovery.due, self._give_up_overtaken
            due, probes = self.recovery.awaited(self._flights, self._packets, self._begun, self.congestion, self._odd)
            return due, self._probe if probes else self._expire
        if self._blocked:
            if not self._waits:
                self._waits = self._kernel.now
            return self._waits + self.congestion.timeout, self._ask_window
        return None

    @property
    def _blocked(self) -> bool:
        return self._sent < self._written and not self._flights

    def _probe(self) -> None:
        """Send a segment more, or else the last one again, so that a loss at the end is noticed (RFC 8985).

        Whatever the congestion window: `tcp_send_loss_probe`.
        """
        now, sent = self._kernel.now, self._sent
        size = min(self._written - sent, SEGMENT)
        if 0 < size <= self._acked + min(self.send_buffer, self.other.room()) - sent:
            self._sent, self._spoke = sent + size, now
            self._packets += 1
            self._flights.append(Flight(sent, sent + size, now))
            self._path.send(sent, sent + size, self.other.on_arrival, self._on_reset)
        else:
            last = self._flights[-1]
            start = max(last.start, last.end - SEGMENT)
            if start == last.start:
                self._flights.pop()
            last.end, self._odd = start, True
            self._fly(Flight(start, sent, now, first=last.begun))
        self.recovery.probed(self._sent, again=self._sent == sent)
        self._begun = now
        self._arm()

    def _expire(self) -> None:
        """Regard all flights as lost, except those that may be on their way: `tcp_retransmit_timer`."""
        now, flights = self._kernel.now, self._flights
        first = self.recovery.expire(flights, self._acked, self._sent, now - self.congestion.last_trip)
        self.congestion.timed_out(first=first, out=sum(each.packets for each in flights if not each.lost))
        if self.congestion.backed_off > (RETRIES if self.state == "open" else ORPHAN_RETRIES):
            told = self.state == "open"
            self._over()
            if told:
                self.peer.closed("timed out")
            return
        self._odd, self._begun = True, now
        self._push()

    def _ask_window(self) -> None:
        """Ask whether the other end has room again: an empty packet."""
        self.congestion.backed_off, self._waits = min(self.congestion.backed_off + 1, 10), self._kernel.now
        self._path.send(self._sent, self._sent, self.other.on_arrival, self._on_reset)
        self._push()

"""Detection of loss at one end of a connection: RACK and the probe of a tail (RFC 8985), time-outs (RFC 6298).

As Linux's tcp_recovery.c and tcp_input.c. `congestion` has the effect of a loss on the window. A cable keeps the order.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.simulation.tcp.congestion import Congestion
from lab.simulation.tcp.flights import Flight
from lab.simulation.tcp.timeouts import FIRST_RTO, JIFFY, SHORTEST_RTO

TWICE = 2  # how often a retransmission came that the other end had before: a D-SACK
SHORTEST_TIMEOUT_NS = 2_000_000  # ns: TCP_TIMEOUT_MIN_US
_REORDERING = 3  # packets: net.ipv4.tcp_reordering


class Recovery:
    """The state of one direction, of bytes and moments in ns."""

    __slots__ = ("_mends", "_newest", "_phase", "_sacked", "due", "expired", "tail", "upto")

    def __init__(self, phase: int = 0) -> None:
        self._phase = phase  # ns: how far the kernel's wheel of timers has turned at the lab's beginning
        self.upto = 0  # a loss before this byte was answered already: `high_seq`
        self.expired = -1  # bytes acknowledged at the time-out that did, -1 if none did: not Recovery, but Loss
        self.tail = 0  # up to where all was sent when the tail was probed: `tlp_high_seq`
        self.due = 0  # when what was overtaken counts as lost; 0: nothing was
        self._mends: bool | None = None  # None: new data probes; else whether the repetition came, and not the first
        self._newest = (0, 0)  # of what came, when the last of it was sent, and up to where
        self._sacked = 0  # packets that came in spite of a gap

    def grows(self, acked: int) -> bool:
        """Return whether an acknowledgement may enlarge the window: not in Recovery, `tcp_cong_control`."""
        return acked >= self.upto or self.expired >= 0

    def awaited(
        self, flights: Sequence[Flight], packets: int, begun: int, congestion: Congestion, odd: bool
    ) -> tuple[int, bool]:
        """Return when the flights' timer rings, and whether that is a probe of the tail or a time-out.

        `begun` is the moment when an answer, a probe or a time-out restarted it; `odd` is false if all is in order.
        """
        timeout, ring = congestion.timeout, self._rings
        first, last = flights[0], flights[-1]
        eldest, newest = first.sent, last.sent
        if odd:
            eldest, newest = min(each.sent for each in flights), max(each.sent for each in flights)
        expires = ring(max(eldest, begun) + timeout, timeout)
        if congestion.backed_off or (odd and not self._only_probed(flights)):
            return expires, False
        wait = 2 * trip if (trip := congestion.round_trip) else FIRST_RTO
        wait += SHORTEST_RTO if packets == 1 else SHORTEST_TIMEOUT_NS  # one is answered late, maybe
        if not self.tail:
            return min(ring(max(newest, begun) + wait, wait), expires), True
        if last.first is not None or last.sent <= begun:
            return expires, False
        # What is sent after a probe sets the timer for another one, so late that there is no time-out before. There is
        # none while one is not answered, so it times out then: `tcp_schedule_loss_probe`, `tcp_send_loss_probe`.
        due = first.sent + timeout
        return ring(*((due, timeout) if due > last.sent else (last.sent + wait, wait))), False

    def _rings(self, moment: int, wait: int) -> int:
        """Return when a timer rings that is set for a moment, so many ns before: Linux's wheel has it wait longer.

        Up to 4 ms where the wait is short, and up to an eighth of it else: `calc_wheel_index`.
        """
        grain = JIFFY
        while wait >= 63 * grain:
            grain *= 8
        return ((moment + self._phase) // grain + 1) * grain - self._phase

    def _only_probed(self, flights: Sequence[Flight]) -> bool:
        """Return whether all is in order but for a probe that was sent again: `TCP_CA_Open`."""
        return bool(self.tail) and not self._sacked and not any(each.lost for each in flights)

    def probed(self, sent: int, *, again: bool) -> None:
        """Record a probe of the tail: with new data, or with the last segment `again`."""
        self.tail, self._mends = sent, False if again else None

    def mended(self, upto: int, again: int) -> bool:
        """Return whether a probe turns out to have mended a loss, which counts as one: `tcp_process_tlp_ack`."""
        if upto < self.tail:
            return False
        if self._mends is False and again == 1 and upto == self.tail:
            self._mends = True  # unless a D-SACK follows; the answer to what is sent later will tell
            return False
        tail, self.tail = self.tail, 0
        return upto > tail and bool(self._mends or (self._mends is False and again == 1))

    def came(self, newest: tuple[int, int], packets: int, *, gaps: bool) -> None:
        """Record an arrival: the moment and the end of its last flight, and the number of packets."""
        self._newest = newest
        self._sacked = self._sacked + packets if gaps else 0

    def overtaken(self, flights: Sequence[Flight], upto: int, now: int, trip: int, patience: int) -> list[Flight]:
        """Return the lost flights: later ones arrived more than `patience` ago, `tcp_rack_detect_loss`.

        After three overtaking packets, and in a recovery, a flight is lost without that wait.
        """
        late = [each for each in flights if not each.lost and (each.sent, each.start) < self._newest]
        self.due = 0
        if not late or self._sacked >= _REORDERING or upto < self.upto:
            return late
        latest = now - trip - patience
        if (wait := max(each.sent for each in late) - latest) > 0:
            self.due = now + wait + SHORTEST_TIMEOUT_NS
        return [each for each in late if each.sent <= latest]

    def begin(self, sent: int) -> None:
        """Begin an episode of Recovery, of all that is sent by now: `tcp_enter_recovery`."""
        self.upto, self.expired, self.tail = sent, -1, 0

    def expire(self, flights: Sequence[Flight], acked: int, sent: int, recent: int) -> bool:
        """Regard flights as lost: the first, and all that were sent until `recent`. Return whether an episode begins.

        `tcp_enter_loss`: none begins within Recovery, nor at a second time-out without an acknowledgement between.
        """
        for each in flights:
            each.lost = each is flights[0] or each.sent <= recent
        new = acked >= self.upto or -1 < self.expired < acked
        self.upto, self.expired = sent, acked
        self.tail = self.due = 0
        return new

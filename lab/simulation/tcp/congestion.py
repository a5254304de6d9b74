"""The congestion window, which limits one end's packets in flight, by Linux's CUBIC (RFC 9438).

Slow start begins with ten packets, and anew after a silence. As in Linux, packets are counted, short ones too, and not
their bytes (`tcp_cwnd_test`).
"""

from __future__ import annotations

from lab.simulation.kernel import SECOND
from lab.simulation.tcp.timeouts import RoundTrips

_BETA, _C = 0.7, 0.4  # RFC 9438
_UNLIMITED, _INITIAL = 1 << 40, 10  # packets
_LOW, _SAMPLES = 16, 16  # packets of a window, and that 8 acknowledgements of a round are of: no slow start ends before
_RISE = (
    SECOND // 250,
    SECOND * 2 // 125,
)  # ns, at least and at most: of a round trip, an eighth (`HYSTART_DELAY_THRESH`)


class Congestion(RoundTrips):
    """The congestion window of one direction, which grows and shrinks with its round trips."""

    __slots__ = (
        "_answered",
        "_base",
        "_early",
        "_k",
        "_least",
        "_most",
        "_reno",
        "_round",
        "_since",
        "_threshold",
        "_undo",
        "window",
    )

    def __init__(self) -> None:
        super().__init__()
        self.window: float = _INITIAL  # packets
        self._threshold: float = _UNLIMITED
        self._most = self._base = self._reno = 0.0  # packets, since the last loss
        self._k, self._since = 0.0, 0
        self._undo: tuple[float, float] | None = None  # window and threshold before a time-out
        self._round = self._least = self._answered = 0  # ns: since when a round is, its shortest trip; packets of it
        self._early = False  # slow start has ended by it

    def acknowledged(self, packets: int, now: int, used: int) -> None:
        """Grow after an acknowledgement, if the window was used; `used` packets were in flight before it."""
        window = self.window
        if used * 2 < window:
            return
        if window < self._threshold:
            if not self._early and window >= _LOW and self._rises(packets, now):
                self._early = True
                self._threshold = window + max(packets - self._answered + _SAMPLES, 0)
            self.window = min(window + packets, max(self._threshold, window))
            return
        if used < int(window):  # `tcp_is_cwnd_limited`
            return
        share = packets / window
        if not self._since:
            self._since, self._base = now, window
            self._k = ((max(self._most, window) - window) / _C) ** (1 / 3)
            self._reno = window
        t = (now - self._since) / SECOND
        top = max(self._most, self._base)
        target = _C * (t + (self._floor or self._srtt) / SECOND - self._k) ** 3 + top
        self._reno += 3 * (1 - _BETA) / (1 + _BETA) * share
        wanted = max(target, self._reno)
        step = (min(max(wanted, window), 1.5 * window) - window) * share
        if not self._most:  # no loss has told yet what the way can carry: "5% per RTT"
            step = max(step, packets / 20)
        self.window = window + step

    def _rises(self, packets: int, now: int) -> bool:
        """Return whether round trips have grown, as by a queue, which ends slow start: HyStart, `hystart_update`.

        HyStart's other sign, a train of acknowledgements, is not modelled: it is unknown how evenly brokers send them.
        """
        if now - self._trip >= self._round:  # what is answered was sent in this round, so another one begins
            self._round, self._least, self._answered = now, self._trip, 0
        self._least = min(self._least, self._trip)
        self._answered += packets
        least, most = _RISE
        return self._answered > _SAMPLES and self._least > self._floor + min(max(self._floor >> 3, least), most)

    def rested(self, silence: int) -> None:
        """Shrink after so many ns without data, by half for each time-out, down to ten: `tcp_cwnd_restart`."""
        if silence > (timeout := self.timeout):
            if self._threshold < _UNLIMITED:
                self._threshold = max(self._threshold, self.window * 3 / 4)
            least = min(self.window, _INITIAL)
            self.window = max(self.window / 2 ** min((silence - 1) // timeout, 40), least)

    def resumed(self, silence: int, now: int) -> None:
        """Have a time in which nothing was under way, so many ns since the last was sent, not count for growth.

        CUBIC's epoch goes on from where it was, also where the window has shrunk meanwhile: `cubictcp_cwnd_event`.
        """
        if self._since:
            self._since = min(self._since + silence, now)

    def lost(self) -> None:
        """Shrink after a loss that later arrivals showed; once for each window of data."""
        window = self.window
        self._most = window * (1 + _BETA) / 2 if window < self._most else window  # "fast convergence"
        self._threshold = self.window = max(int(window * _BETA), 2)
        self._since, self._undo = 0, None

    def timed_out(self, *, first: bool, out: int) -> None:
        """Begin again after a time-out, with one packet more than are `out` yet: `tcp_enter_loss`, `cubictcp_state`.

        `first` is true if no earlier loss of the present flights was answered.
        """
        if first:
            self._undo = self.window, self._threshold
            self._threshold = max(int(self.window * _BETA), 2)
        self.window, self._most, self._since = out + 1, 0.0, 0
        self._floor, self._early = 0, False
        self.backed_off += 1

    def undone(self) -> bool:
        """Undo a time-out, since packets were late and not lost; return whether there was a time-out.

        RFC 3522 and 5682: if round trips suddenly grow, the first sending is acknowledged after the retransmission;
        if only answers were lost, the answer to the retransmission acknowledges bytes that were sent once.
        """
        if self._undo is None:
            return False
        (window, threshold), self._undo = self._undo, None
        self.window, self._threshold = max(self.window, window), max(self._threshold, threshold)
        return True

    def recovered(self) -> None:
        """Forget the last time-out: everything that was sent before it has arrived."""
        self._undo = None

"""One end of a connection within a region, or to the internet, where no link is and nothing is ever lost.

Bytes that are sent together are one event, without flights, timers or acknowledgements: both ends know all arrivals.
"""

from __future__ import annotations

from lab.simulation.tcp.connection import Address, Peer
from lab.simulation.tcp.paths import LAN, SEGMENT
from lab.simulation.tcp.stream import End, Hosts


class NearEnd(End):
    """One end of such a connection. The other end is a NearEnd too."""

    __slots__ = ("_away", "_way_in")
    other: NearEnd

    def __init__(self, hosts: Hosts, near: Address, far: Address, peer: Peer, buffers: tuple[int, int] | None) -> None:
        super().__init__(hosts, near, far, peer, buffers)
        self._away, self._way_in = hosts.paths.away, hosts.paths.path(far.host, near.host)

    def send(self, frame: object, size: int) -> None:
        """Send a frame of so many bytes."""
        if self.state == "open":
            self._written = end = self._written + size
            self._frames.append((end, frame))
            other = self.other
            if end - other._taken <= other._window and self._path.known:  # as `_push`: mostly all fits
                start, self._sent = self._sent, end
                self._kernel.after(LAN, other.on_arrival, start, end)
            else:
                self._push()

    def arrive(self, start: int, end: int, again: int = 0) -> None:
        """Take bytes that have arrived: always the next bytes, and only once."""
        if self._host in self._away:
            self._way_in.on_reach(self.arrive, self.other.reset, start, end)
            return
        if self.state == "closed":
            self._answer_by_reset()
            return
        self.heard, self._got, other = self._kernel.now, end, self.other
        if end == other._written and other.state == "open" and not other._on_drained:
            other._acked = end  # as `taken`: there is no more to do
            plain = len(frames := other._frames) == 1 and self.state == "open"
            if plain and end - self._taken <= self._window - SEGMENT and self._host not in self._frozen:
                self._taken, frame = frames.popleft()  # as `take`: one has come, and there is room for more
                self.peer.received(frame)
                return
        else:
            other.taken(end)
        self.take()

    def taken(self, upto: int) -> None:
        """Note that the other end's kernel has taken bytes."""
        if self.state == "closed":
            return
        self._acked = upto
        if upto < self._written:
            if self._sent < self._written:
                self._push()
        elif self.state == "closing":
            self._over()
        elif self._on_drained and upto > self._before:
            self._tell_drained()

    def _push(self) -> None:
        """Send the bytes that fit into the other end's buffer."""
        start, end, other = self._sent, self._written, self.other
        if end > (most := other._taken + other._window):  # as `room` says: what has come is acknowledged
            end = most
        if end > start:
            self._sent = end
            self._path.send(start, end, other.on_arrival, self._on_reset)

    def _tell_room(self) -> None:
        self.other.taken(self._got)

"""One direction of a link, for packets that are only counted: a flight of them is held, and lands, in one call."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Protocol

from lab.link.direction import MEMORY_BYTES, Direction, InFlight

# Bytes in flight beside which there is room: each flight counts as 300 more than it has, and has 52 of headers.
_AMPLE_BYTES = MEMORY_BYTES // 8


class Way(Protocol):
    """The way of packets that the cable is a part of."""

    target: str  # the host at its end
    away: Set[str]  # hosts that take nothing
    on_reach: Callable[..., None]  # what takes what comes to one of those


class Cable(Direction):
    """A Direction whose packets have no bytes, and are no probes; all decisions and counters are the router's."""

    __slots__ = ()

    def carry(self, now: int, packets: int, octets: int) -> InFlight | None:
        """Hold a flight that the delay alone impairs (`delay_only`): `read` and `pass_on`; None if it is dropped."""
        counts = self.lab
        counts.packets_in += 1
        counts.segments_in += packets
        counts.bytes_in += octets
        due = now + self.hold_ns
        if due < self._last_due:
            due = self._last_due
        self._last_due = due
        each = due, now, b"", packets, octets, False
        if self.flight_bytes > _AMPLE_BYTES:
            return each if self.hold(each) else None
        self.flight_bytes += octets  # as `hold` does
        self.flight_segments += packets
        self.flight.append(each)
        return each

    def land(
        self,
        in_flight: InFlight,
        way: Way,
        on_arrival: Callable[[int, int], None],
        on_reset: Callable[[], None],
        start: int,
        end: int,
    ) -> None:
        """Take a flight out when it is due, count it (`delivered`), and pass it on unless a cut has dropped it."""
        flight = self.flight
        if not flight or flight[0] is not in_flight:
            return
        due, arrived, _, packets, octets, _ = flight.popleft()
        self.flight_bytes -= octets
        self.flight_segments -= packets
        counts = self.lab
        counts.packets_out += 1
        counts.segments_out += packets
        counts.bytes_out += octets
        if arrived >= self._delays_since:
            delays, ns = self.delays, due - arrived + self.cost_ns
            if ns == delays.last_ns:
                delays.repeated += 1  # as `add` does
            else:
                delays.add(ns)
        if way.target not in way.away:
            on_arrival(start, end)
        else:
            way.on_reach(on_arrival, on_reset, start, end)

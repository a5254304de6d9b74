"""One direction of a link, for packets that are only counted: a flight of them is held, and lands, in one call."""

from __future__ import annotations

from lab.link.direction import MEMORY_BYTES, Direction, InFlight

# Bytes in flight beside which there is room: each flight counts as 300 more than it has, and has 52 of headers.
_AMPLE = MEMORY_BYTES // 8


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
        if self.flight_bytes > _AMPLE:
            return each if self.hold(each) else None
        self.flight_bytes += octets  # as `hold` does
        self.flight_segments += packets
        self.flight.append(each)
        return each

    def land(self, each: InFlight, now: int) -> bool:
        """Take a flight out and count it: `delivered`. Return False if it was in the cable when that was cut."""
        flight = self.flight
        if not flight or flight[0] is not each:
            return False
        _, arrived, _, packets, octets, _ = flight.popleft()
        self.flight_bytes -= octets
        self.flight_segments -= packets
        counts = self.lab
        counts.packets_out += 1
        counts.segments_out += packets
        counts.bytes_out += octets
        if arrived >= self._delays_since:
            self.delays.add(now - arrived + self.cost_ns)
        return True

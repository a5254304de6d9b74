"""The round trips of one direction of a connection, and the time-out that follows from them: RFC 6298, as in Linux."""

from __future__ import annotations

from lab.simulation.kernel import SECOND

FIRST_RTO, SHORTEST_RTO, LONGEST_RTO = SECOND, SECOND // 5, 120 * SECOND
JIFFY = SECOND // 250  # ns: the unit of the kernel's timers, as Amazon's machines have it


class RoundTrips:
    """Measured round trips, and the time to wait for an acknowledgement."""

    __slots__ = ("_floor", "_srtt", "_trip", "_var", "backed_off")

    def __init__(self) -> None:
        self._srtt = self._var = 0  # ns
        self.backed_off = 0
        self._floor = self._trip = 0  # ns: the shortest round trip, and the last one

    @property
    def round_trip(self) -> int:
        """Return the smoothed round trip in ns; 0 while none was measured."""
        return self._srtt

    @property
    def last_trip(self) -> int:
        """Return the last round trip that was measured, in ns; 0 while none was."""
        return self._trip

    @property
    def reordering(self) -> int:
        """Return the ns for which an overtaken packet may still arrive: `tcp_rack_reo_wnd`."""
        return min((self._floor or self._srtt) // 4, self._srtt)

    @property
    def timeout(self) -> int:
        """Return the ns after which unacknowledged bytes count as lost."""
        first = self._srtt + max(4 * self._var, SHORTEST_RTO) if self._srtt else FIRST_RTO
        return min(-(-first // JIFFY) * JIFFY << self.backed_off, LONGEST_RTO)

    def measured(self, round_trip: int, late: int = 0) -> None:
        """Take a measured round trip, which an answer that was `late` by so many ns makes longer for the time-out."""
        self._trip = round_trip
        if round_trip < self._floor or not self._floor:
            self._floor = round_trip
        round_trip += late
        if not (srtt := self._srtt):
            self._srtt, self._var = round_trip, round_trip // 2
        else:
            off = round_trip - srtt
            self._var += ((off if off > 0 else -off) - self._var) // 4
            self._srtt = srtt + off // 8
        self.backed_off = 0

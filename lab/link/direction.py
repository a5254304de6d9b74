"""One direction of a link: decides when each packet leaves, or why it is dropped. Touches no device and no clock.

Order is kept, as on a cable: a packet never leaves before the one ahead of it. A packet first waits for its turn (rate,
queue), is then lost or not, and if not, is held for the delay. Times are in ns of the caller's clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from lab.link.histogram import Histogram
from lab.link.impairment import MICROSECOND, Distribution, Impairment, LinkState, Setting

# The most that one direction holds in flight, so that a flood over a slow link does not exhaust the machine's memory.
MEMORY_BYTES = 64 << 20
_OVERHEAD_BYTES = 300  # bytes of Python's for a packet in flight, beside its own
# Segments of a super-packet that leave within this time of the first stay one packet.
_TOGETHER_NS = 1_000_000


class Drop(StrEnum):
    """The reason for which a packet is dropped."""

    LOSS = "loss"
    QUEUE = "queue"
    CUT = "cut"
    REJECT = "reject"
    MALFORMED = "malformed"


class Run(NamedTuple):
    """Segments of a packet that stay together: first to last (exclusive), and the time at which they leave."""

    first: int
    last: int
    due_ns: int


# A packet in flight: the time it is due, the time it arrived, its bytes, the number of its wire packets (segments) and
# their bytes together, and whether it is a probe. A bare tuple: a class costs a µs for every packet.
InFlight = tuple[int, int, bytes, int, int, bool]


class Dice:
    """The random decisions of one direction, from one seed; jitter is correlated from each packet to the next."""

    __slots__ = ("_random", "_z")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._z = 0.0

    def lost(self, loss: float) -> bool:
        """Decide whether a wire packet is lost; `loss` is 0 to 1."""
        return self._random.random() < loss

    def spread(self, impairment: Impairment) -> float:
        """Return a packet's deviation from the delay, in jitters: standard deviations, or half widths if uniform."""
        # A first-order chain of normals stays standard normal whatever the correlation; the uniform is its copula.
        rho = impairment.correlation
        self._z = rho * self._z + math.sqrt(1.0 - rho * rho) * self._random.gauss(0.0, 1.0)
        return self._z if impairment.distribution is Distribution.NORMAL else math.erf(self._z / math.sqrt(2.0))


class Counters:
    """Counters of one kind of traffic in one direction: packets read, wire packets (segments), bytes, drops."""

    __slots__ = ("bytes_in", "bytes_out", "dropped", "packets_in", "packets_out", "segments_in", "segments_out")

    def __init__(self) -> None:
        self.packets_in = self.segments_in = self.bytes_in = 0
        self.packets_out = self.segments_out = self.bytes_out = 0
        self.dropped = dict.fromkeys(Drop, 0)

    def read(self, segments: int, wire_bytes: int) -> None:
        """Count a packet read from the device."""
        self.packets_in += 1
        self.segments_in += segments
        self.bytes_in += wire_bytes

    def written(self, segments: int, wire_bytes: int) -> None:
        """Count a packet written to the device."""
        self.packets_out += 1
        self.segments_out += segments
        self.bytes_out += wire_bytes

    def json(self) -> dict[str, Any]:
        """Return the counters ready for JSON."""
        counts: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name != "dropped"}
        return counts | {"dropped": {cause.value: count for cause, count in self.dropped.items()}}


class Direction:
    """One direction of a link: its setting, the packets in flight, and the counters."""

    __slots__ = (
        "_busy_until",
        "_delay_ns",
        "_delay_us",
        "_delays_since",
        "_first_due",
        "_jitter_us",
        "_lab_dice",
        "_last_due",
        "_probe_dice",
        "_waiting",
        "_waiting_bytes",
        "cost_ns",
        "delay_only",
        "delays",
        "flight",
        "flight_bytes",
        "flight_segments",
        "hold_ns",
        "impairment",
        "lab",
        "leaving",
        "probe_delays",
        "probes",
        "reaching",
        "state",
    )

    def __init__(self, leaving: str, reaching: str, setting: Setting, seed: int) -> None:
        self.leaving = leaving
        self.reaching = reaching
        # Probes have dice of their own, so that measuring does not change what happens to the lab's traffic.
        self._lab_dice = Dice(Random(f"{seed}:{leaving}:{reaching}"))
        self._probe_dice = Dice(Random(f"{seed}:{leaving}:{reaching}:probe"))
        self.cost_ns = 0
        self.flight: deque[InFlight] = deque()
        self.flight_bytes = self.flight_segments = 0
        self.reset_counters()
        self._waiting: deque[tuple[int, int]] = deque()
        self._clear_line()
        self.impairment = Impairment()
        self.change(setting, 0)

    def _clear_line(self) -> None:
        """Forget earlier packets: the next one finds an empty line."""
        self._busy_until = self._last_due = self._first_due = 0
        self._waiting.clear()
        self._waiting_bytes = 0

    def reset_counters(self) -> None:
        """Set all counters to 0; packets in flight are counted as just read, so that sums stay right."""
        self.lab = Counters()
        self.probes = Counters()
        self._begin_delays(0)
        for each in self.flight:
            self.counters(each[5]).read(each[3], each[4])

    def change(self, setting: Setting, now: int) -> None:
        """Replace the setting. Packets in flight keep their time, but a cut drops them.

        If this changes delays, the histograms begin anew, with packets that arrive from `now` on.
        """
        impairment = setting.impairment
        if replace(impairment, loss=0.0) != replace(self.impairment, loss=0.0):  # all other figures change delays
            self._begin_delays(now)
        self.impairment, self.state = impairment, setting.state
        self._delay_us, self._jitter_us = impairment.delay / MICROSECOND, impairment.jitter / MICROSECOND
        self._delay_ns = round(self._delay_us * 1000)
        self.delay_only = setting == Setting(impairment=Impairment(delay=impairment.delay))
        self.calibrate(self.cost_ns)
        if self.state is LinkState.CUT:
            for each in self.flight:  # a cut cable delivers none of the packets in it
                self.counters(each[5]).dropped[Drop.CUT] += each[3]
            self.flight.clear()
            self.flight_bytes = self.flight_segments = 0
            self._clear_line()

    def calibrate(self, cost_ns: int) -> None:
        """Set the time that a packet takes at zero delay; it is subtracted from the delay."""
        self.cost_ns = cost_ns
        self.hold_ns = max(0, self._delay_ns - cost_ns)

    def _begin_delays(self, now: int) -> None:
        self.delays = Histogram()
        self.probe_delays = Histogram()
        self._delays_since = now

    def counters(self, probe: bool) -> Counters:
        """Return the counters of the lab's traffic or of the probes."""
        return self.probes if probe else self.lab

    def pass_on(self, now: int, packet: bytes, segments: int, size: int, probe: bool) -> None:
        """Hold a packet of a direction whose only impairment is the delay (`delay_only`): the fast way."""
        due = now + self.hold_ns
        if due < self._last_due:
            due = self._last_due
        self._last_due = due
        self.hold((due, now, packet, segments, size, probe))

    def admit(self, now: int, sizes: Sequence[int], probe: bool = False) -> list[Run]:
        """Return the runs that pass of a packet read, given the sizes of its wire packets; count drops."""
        counters = self.counters(probe)
        if self.state is not LinkState.OPEN:
            counters.dropped[Drop.CUT if self.state is LinkState.CUT else Drop.REJECT] += len(sizes)
            return []
        dice = self._probe_dice if probe else self._lab_dice
        delay = self._delay_ns
        if self._jitter_us:
            delay = max(0, round((self._delay_us + self._jitter_us * dice.spread(self.impairment)) * 1000))
        runs: list[Run] = []
        for at, size in enumerate(sizes):
            decided = self._decide(now, size, delay, dice)
            if isinstance(decided, Drop):
                counters.dropped[decided] += 1
            elif runs and runs[-1].last == at and decided - self._first_due <= _TOGETHER_NS:
                runs[-1] = Run(runs[-1].first, at + 1, decided)
            else:
                self._first_due = decided
                runs.append(Run(at, at + 1, decided))
        return runs

    def _decide(self, now: int, size: int, delay: int, dice: Dice) -> int | Drop:
        """Return the time at which a wire packet leaves, or why it is dropped."""
        impairment = self.impairment
        sent = now
        if impairment.rate is not None:
            start = max(now, self._busy_until)
            if start > now and not self._has_room(now, size):
                return Drop.QUEUE
            sent = self._busy_until = start + size * 8_000_000_000 // impairment.rate
            if start > now:
                self._waiting.append((start, size))
                self._waiting_bytes += size
        if impairment.loss and dice.lost(impairment.loss):
            return Drop.LOSS
        due = max(sent + max(0, delay - self.cost_ns), self._last_due)
        self._last_due = due
        return due

    def _has_room(self, now: int, size: int) -> bool:
        """Return whether one more packet may wait for its turn; the one being sent does not count."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            self._waiting_bytes -= waiting.popleft()[1]
        limit = self.impairment
        if limit.queue_packets is not None and len(waiting) >= limit.queue_packets:
            return False
        return limit.queue_bytes is None or self._waiting_bytes + size <= limit.queue_bytes

    def hold(self, packet: InFlight) -> bool:
        """Add a packet in flight; return whether memory had room for it: else it is dropped as by a full queue."""
        if self.flight_bytes + len(self.flight) * _OVERHEAD_BYTES > MEMORY_BYTES:
            self.counters(packet[5]).dropped[Drop.QUEUE] += packet[3]
            return False
        self.flight_bytes += packet[4]
        self.flight_segments += packet[3]
        self.flight.append(packet)
        return True

    def delivered(self, packet: InFlight, now: int) -> None:
        """Count a packet taken out of flight and written; the counted delay includes the calibrated cost."""
        _, arrived, _, segments, size, probe = packet
        self.flight_bytes -= size
        self.flight_segments -= segments
        (self.probes if probe else self.lab).written(segments, size)
        if arrived >= self._delays_since:
            (self.probe_delays if probe else self.delays).add(now - arrived + self.cost_ns)

    def unwritten(self, packet: InFlight) -> None:
        """Count a packet taken out of flight that the kernel refused to accept."""
        self.flight_bytes -= packet[4]
        self.flight_segments -= packet[3]
        self.counters(packet[5]).dropped[Drop.MALFORMED] += packet[3]

    def json(self) -> dict[str, Any]:
        """Return setting, counters and the delays given, ready for JSON; times in µs."""
        return {
            "leaving": self.leaving,
            "reaching": self.reaching,
            "impairment": Setting(impairment=self.impairment, state=self.state).json(),
            "counters": self.lab.json(),
            "probes": self.probes.json(),
            "in_flight": {"packets": len(self.flight), "segments": self.flight_segments, "bytes": self.flight_bytes},
            "delay_us": {"configured": self._delay_us} | self.delays.summary(),
            "probe_delay_us": self.probe_delays.summary(),
        }

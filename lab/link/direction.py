"""One way along a link: decides when each packet leaves, or why it never does. Touches no device and no clock.

Order is kept, as on a cable: a packet never leaves before the one ahead of it. A packet waits for its turn (rate,
queue), is then lost or not, and what is left travels for the delay.
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

# What one direction may hold in flight: keeps a flood over a slow link from eating the machine's memory.
MEMORY_BYTES = 64 << 20
_OVERHEAD = 300  # what Python needs to hold a packet beside its bytes
# Segments of one super-packet that leave within this time of each other stay one packet.
_TOGETHER_NS = 1_000_000


class Drop(StrEnum):
    """Why a packet does not arrive."""

    LOSS = "loss"
    QUEUE = "queue"
    CUT = "cut"
    REJECT = "reject"
    MALFORMED = "malformed"


class Run(NamedTuple):
    """Segments of one packet that travel together: first to last (exclusive), and when they leave."""

    first: int
    last: int
    due_ns: int


# A packet on its way: when it is due, when it arrived, its bytes, how many wire packets it is and how long they are
# together, and whether it is a probe. A bare tuple: this one is made for every packet, and a class costs a µs each.
InFlight = tuple[int, int, bytes, int, int, bool]


class Dice:
    """The chances of one direction, from one seed; the jitter's correlation is that of one packet with the next."""

    __slots__ = ("_random", "_z")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._z = 0.0

    def lost(self, loss: float) -> bool:
        """Return whether a wire packet is lost."""
        return self._random.random() < loss

    def spread(self, impairment: Impairment) -> float:
        """Return by how many jitters a packet is later; jitter is the standard deviation, or uniform's half width."""
        # A first-order chain of normals stays standard normal whatever the correlation; the uniform is its copula.
        rho = impairment.correlation
        self._z = rho * self._z + math.sqrt(1.0 - rho * rho) * self._random.gauss(0.0, 1.0)
        return self._z if impairment.distribution is Distribution.NORMAL else math.erf(self._z / math.sqrt(2.0))


class Counters:
    """What happened to one kind of traffic in one direction, in packets read, wire packets (segments) and bytes."""

    __slots__ = ("bytes_in", "bytes_out", "dropped", "packets_in", "packets_out", "segments_in", "segments_out")

    def __init__(self) -> None:
        self.packets_in = self.segments_in = self.bytes_in = 0
        self.packets_out = self.segments_out = self.bytes_out = 0
        self.dropped = dict.fromkeys(Drop, 0)

    def read(self, segments: int, wire_bytes: int) -> None:
        """Count a packet that came in."""
        self.packets_in += 1
        self.segments_in += segments
        self.bytes_in += wire_bytes

    def written(self, segments: int, wire_bytes: int) -> None:
        """Count a packet that went out."""
        self.packets_out += 1
        self.segments_out += segments
        self.bytes_out += wire_bytes

    def json(self) -> dict[str, Any]:
        """Return the counters ready for JSON."""
        counts: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name != "dropped"}
        return counts | {"dropped": {cause.value: count for cause, count in self.dropped.items()}}


class Direction:
    """One way along a link, how it is set, what is on its way and what has been counted."""

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
        # Probes roll their own dice, so that measuring does not change what the lab's traffic meets.
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
        """Forget what was sent before: the next packet finds an empty line."""
        self._busy_until = self._last_due = self._first_due = 0
        self._waiting.clear()
        self._waiting_bytes = 0

    def reset_counters(self) -> None:
        """Begin counting anew; what is in flight counts as having just come in, so that the sums still hold."""
        self.lab = Counters()
        self.probes = Counters()
        self._begin_delays(0)
        for each in self.flight:
            self.counters(each[5]).read(each[3], each[4])

    def change(self, setting: Setting, now: int) -> None:
        """Replace the setting between two packets, `now` in ns. What is in flight keeps its time; a cut drops it.

        Where this changes the delay, the histogram begins anew, with packets that come in from now on.
        """
        impairment = setting.impairment
        if replace(impairment, loss=0.0) != replace(self.impairment, loss=0.0):  # all else is when packets leave
            self._begin_delays(now)
        self.impairment, self.state = impairment, setting.state
        self._delay_us, self._jitter_us = impairment.delay / MICROSECOND, impairment.jitter / MICROSECOND
        self._delay_ns = round(self._delay_us * 1000)
        self.delay_only = setting == Setting(impairment=Impairment(delay=impairment.delay))
        self.calibrate(self.cost_ns)
        if self.state is LinkState.CUT:
            for each in self.flight:  # a cut cable delivers nothing that was in it
                self.counters(each[5]).dropped[Drop.CUT] += each[3]
            self.flight.clear()
            self.flight_bytes = self.flight_segments = 0
            self._clear_line()

    def calibrate(self, cost_ns: int) -> None:
        """Say what crossing the router costs at zero delay; it is taken off the delay to give."""
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
        """Put a packet on its way that meets nothing but the delay (`delay_only`)."""
        due = now + self.hold_ns
        if due < self._last_due:
            due = self._last_due
        self._last_due = due
        self.hold((due, now, packet, segments, size, probe))

    def admit(self, now: int, sizes: Sequence[int], probe: bool = False) -> list[Run]:
        """Decide over the wire packets of one packet read: the runs that pass and when; drops are counted."""
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
        """Return when one wire packet leaves, or why it does not."""
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
        """Return whether one more packet may wait for its turn; the one being sent does not wait."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            self._waiting_bytes -= waiting.popleft()[1]
        limit = self.impairment
        if limit.queue_packets is not None and len(waiting) >= limit.queue_packets:
            return False
        return limit.queue_bytes is None or self._waiting_bytes + size <= limit.queue_bytes

    def hold(self, each: InFlight) -> None:
        """Put a packet on its way; without room in memory it is dropped as by a full queue."""
        if self.flight_bytes + len(self.flight) * _OVERHEAD > MEMORY_BYTES:
            self.counters(each[5]).dropped[Drop.QUEUE] += each[3]
            return
        self.flight_bytes += each[4]
        self.flight_segments += each[3]
        self.flight.append(each)

    def delivered(self, each: InFlight, now: int) -> None:
        """Count a packet taken from its way and written back; its delay includes the calibrated cost of crossing."""
        _, arrived, _, segments, size, probe = each
        self.flight_bytes -= size
        self.flight_segments -= segments
        (self.probes if probe else self.lab).written(segments, size)
        if arrived >= self._delays_since:
            (self.probe_delays if probe else self.delays).add(now - arrived + self.cost_ns)

    def unwritten(self, each: InFlight) -> None:
        """Count a packet taken from its way that the kernel did not take back."""
        self.flight_bytes -= each[4]
        self.flight_segments -= each[3]
        self.counters(each[5]).dropped[Drop.MALFORMED] += each[3]

    def json(self) -> dict[str, Any]:
        """Return impairment, counters and the delay really given, ready for JSON; times in µs."""
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

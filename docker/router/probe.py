"""Measures a link by probes: UDP packets between two addresses that exist only for this, one at each end.

    198.18.n.1 ─▶ TUN ─▶ link ─▶ TUN ─▶ 198.18.n.2 ─▶ the same way back

The kernel stamps arrivals, so the wake-up of this process is not measured. Needs NET_ADMIN
(IP_TRANSPARENT), not NET_RAW.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from lab.link.config import PROBES

_SO_TIMESTAMPNS, _IP_TRANSPARENT = 35, 19
_MESSAGE = struct.Struct("=8sI")
_STAMP = struct.Struct("=qq")
_MOST_COST_US = 500.0  # µs; 50 to 100 on an idle machine


def network(index: int) -> IPv4Network:
    """Return the network, a /30, of the probes of the link of an index."""
    return IPv4Network((int(PROBES.network_address) + 4 * index, 30))


def addresses(index: int) -> tuple[IPv4Address, IPv4Address]:
    """Return the probes' addresses, in the order of the link's regions."""
    first, second = network(index).hosts()
    return first, second


def crossing_cost(one_way_ns: Collection[int]) -> float:
    """Return the µs that a packet takes through a link by itself, given the times of probes at zero delay, in ns.

    The 10th percentile, not the median, and bounded: links open while brokers start, when most probes wait for a core.
    Subtracted from the delay, that wait would make the link too fast for as long as it exists.
    """
    quick = sorted(one_way_ns)[len(one_way_ns) // 10]
    return min(max(0.0, quick / 1000), _MOST_COST_US)


@dataclass(slots=True)
class Probed:
    """The result of a series of probes: times in ns, by sequence number."""

    count: int
    there: dict[int, int] = field(default_factory=dict)
    back: dict[int, int] = field(default_factory=dict)

    def round_trips(self) -> list[int]:
        """Return the round trips in ns, without the time between arrival at the far end and the return."""
        return [self.there[number] + self.back[number] for number in sorted(self.back)]

    def json(self, regions: Sequence[str]) -> dict[str, Any]:
        """Return the summary, times in µs, ready for JSON."""
        return {
            "count": self.count,
            "lost": self.count - len(self.back),
            "rtt_us": spread(self.round_trips()),
            "one_way_us": {regions[0]: spread([*self.there.values()]), regions[1]: spread([*self.back.values()])},
        }


def spread(times: Sequence[int]) -> dict[str, float | None]:
    """Return min, p50, p99 and max, in µs, of times in ns; None for each if there are none."""
    if not times:
        return {"min": None, "p50": None, "p99": None, "max": None}
    ordered = sorted(times)
    picks = {"min": 0.0, "p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[round(share * (len(ordered) - 1))] / 1000, 1) for name, share in picks.items()}


def probe(index: int, *, count: int, gap: float, patience: float) -> Probed:
    """Send probes, one each `gap` seconds, and wait up to `patience` seconds after the last for those still out."""
    near, far = (_socket(address) for address in addresses(index))
    token, probed, sent = os.urandom(8), Probed(count), 0
    left: dict[int, int] = {}
    turned: dict[int, int] = {}
    with near, far:
        ends = {near.fileno(): near, far.fileno(): far}
        start = time.monotonic()
        end = start + count * gap + patience
        while (now := time.monotonic()) < end and len(probed.back) < count:
            if sent < count and now >= start + sent * gap:
                left[sent] = _send(near, far, token, sent)
                sent += 1
            timeout = max(0.0, (start + sent * gap if sent < count else end) - time.monotonic())
            for fd in select.select([*ends], (), (), timeout)[0]:
                arrived = _receive(ends[fd], token)
                if arrived is None:
                    continue
                number, stamp = arrived
                if fd == near.fileno() and number in turned:
                    probed.back.setdefault(number, stamp - turned[number])
                elif fd == far.fileno() and number in left and number not in turned:
                    probed.there[number] = stamp - left[number]
                    turned[number] = _send(far, near, token, number)
    return probed


def _socket(address: IPv4Address) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.IPPROTO_IP, _IP_TRANSPARENT, 1)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.bind((str(address), 0))
    return made


def _send(source: socket.socket, target: socket.socket, token: bytes, number: int) -> int:
    """Send one probe and return the time, in ns of the wall clock, at which it left."""
    message, where = _MESSAGE.pack(token, number), target.getsockname()
    left = time.time_ns()
    source.sendto(message, where)
    return left


def _receive(end: socket.socket, token: bytes) -> tuple[int, int] | None:
    """Return number and time of arrival (the kernel's, in ns) of a probe; None for any other packet."""
    try:
        data, ancillary, _, _ = end.recvmsg(64, 64)
    except OSError:  # nothing to read, or the error of an earlier probe
        return None
    if len(data) != _MESSAGE.size or data[:8] != token:
        return None
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _STAMP.unpack(value[: _STAMP.size])
            return int(_MESSAGE.unpack(data)[1]), seconds * 1_000_000_000 + nanoseconds
    return None

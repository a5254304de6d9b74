"""A link's process: reads packets from a TUN device, holds each for its time, writes it back.

    region a ─▶ ip rule ─▶ TUN ─read─▶ Direction a ─(time)─▶ write─▶ TUN ─▶ main table ─▶ region b

A Direction decides about each packet; the router makes devices, routes and rules.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import schedule
from control import ControlSocket, answer
from probe import addresses
from tun import READ_SIZE

from lab.link.config import Config
from lab.link.direction import Direction
from lab.link.fields import ConfigError
from lab.link.impairment import LinkState, Setting
from lab.link.packet import VNET_BYTES, cut_of, is_ipv4, part_of, wire_of
from lab.link.reject import refusal

# Shorter waits are spent reading, not sleeping: a sleep ends tens of µs late.
SPIN_NS = 80_000
# For so long after a packet a link with a short delay does not sleep: the answer must not wait for a wake-up.
LINGER_NS, _SHORT_NS = 150_000, 200_000
PROCESS = "link"  # its name among processes
_LISTEN_NS = 1_000_000  # the control socket is served this often, however busy the link is
_BURST_PACKETS = 64
_GSO, _DESTINATION = 1, slice(VNET_BYTES + 16, VNET_BYTES + 20)
_MOST_ADDRESSES = 1 << 16


class Emulator:
    """A running link. Closed at first: only probes pass, unimpaired, until the router has calibrated it."""

    def __init__(self, config: Config, name: str, tun: int) -> None:
        at = next(index for index, link in enumerate(config.links) if link.name == name)
        self.link = config.links[at]
        first, second = self.link.between
        self.subnets = tuple(config.network(region).subnet for region in self.link.between)
        self.directions = (
            Direction(first, second, Setting(), self.link.seed),
            Direction(second, first, Setting(), self.link.seed),
        )
        self.tun = tun
        self.malformed = 0
        self.opened = False
        self.linger_ns = 0  # calibration includes the cost of waking up
        self.scheduling = schedule.be_punctual()
        ends = addresses(at)
        self._probes = {ends[1].packed: self.directions[0], ends[0].packed: self.directions[1]}
        self._known: dict[bytes, Direction] = {}

    @property
    def regions(self) -> tuple[str, str]:
        """Return the regions that the link's directions leave."""
        return self.link.between

    def open(self, cost_ns: int) -> None:
        """Let the lab's traffic pass, with the file's settings and the calibrated cost subtracted from delays."""
        if self.opened:
            raise ConfigError(f"link {self.link.name} is already open")
        for direction, setting in zip(self.directions, self.link.directions, strict=True):
            direction.calibrate(cost_ns)
            direction.change(setting, time.monotonic_ns())
        self.opened = True
        self._set_linger()
        self.reset_counters()

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Return the setting of each direction, by the region that it leaves."""
        return {direction.leaving: direction.setting for direction in self.directions}

    def change(self, settings: Mapping[str, Setting]) -> None:
        """Replace the settings of the directions leaving these regions."""
        now = time.monotonic_ns()
        for direction in self.directions:
            if direction.leaving in settings:
                direction.change(settings[direction.leaving], now)
        self._set_linger()

    def _set_linger(self) -> None:
        self.linger_ns = LINGER_NS if any(each.hold_ns < _SHORT_NS for each in self.directions) else 0

    def reset_counters(self) -> None:
        """Set all counters to 0."""
        self.malformed = 0
        for direction in self.directions:
            direction.reset_counters()

    def json(self) -> dict[str, Any]:
        """Return the link's state, settings and counters, ready for JSON."""
        return {
            "link": self.link.name,
            "open": self.opened,
            "fixed_cost_us": self.directions[0].cost_ns / 1000,
            "scheduling": self.scheduling,
            "malformed": self.malformed,
            "directions": {direction.leaving: direction.json() for direction in self.directions},
        }

    def run(self, control: ControlSocket) -> None:
        """Carry packets until the process ends."""
        tun, read, clock = self.tun, os.read, time.monotonic_ns
        first, second = self.directions
        heard = last = clock()
        while True:
            try:
                packet = read(tun, READ_SIZE)
            except BlockingIOError:
                packet = b""
            now = clock()
            if packet:
                last = now
                self.take(packet, now)
            # `change` empties these queues but never replaces them
            if first.flight and first.flight[0][0] <= now:
                self.give(first, now)
            if second.flight and second.flight[0][0] <= now:
                self.give(second, now)
            wait = 0 if packet or now - last < self.linger_ns else self._wait()
            if wait > SPIN_NS or now - heard > _LISTEN_NS:
                timeout = (wait - SPIN_NS) / 1e9 if wait > SPIN_NS else 0
                ready = select.select([tun, *control.fds()], control.unsent(), (), timeout)
                for fd in (*ready[0], *ready[1]):
                    if fd != tun:
                        control.serve(fd, self._answer)
                heard = clock()

    def _answer(self, line: bytes) -> dict[str, Any]:
        return answer(line, self)

    def _wait(self) -> int:
        """Return the ns until the next packet is due; a minute if there is none."""
        now = time.monotonic_ns()
        return min((each.flight[0][0] - now for each in self.directions if each.flight), default=60_000_000_000)

    def take(self, packet: bytes, now: int) -> None:
        """Take a packet read: hold it for its time, or drop it and count the reason."""
        direction, probe = self._known.get(packet[_DESTINATION]), False
        if direction is None:
            direction, probe = self._look_up(packet)
            if direction is None:
                self.malformed += 1
                return
        segments, size = wire_of(packet) if packet[_GSO] else (1, len(packet) - VNET_BYTES)
        (direction.probes if probe else direction.lab).read(segments, size)
        if direction.delay_only:
            direction.pass_on(now, packet, segments, size, probe)
        else:
            self._impair(direction, packet, now, size, probe)

    def _impair(self, direction: Direction, packet: bytes, now: int, size: int, probe: bool) -> None:
        """Hold the wire packets of a packet that its direction lets pass."""
        cut = cut_of(packet) if packet[_GSO] else None
        sizes = [size] if cut is None else cut.wire_sizes()
        for start, end, due in direction.admit(now, sizes, probe):
            part = packet if cut is None else part_of(packet, cut, start, end)
            direction.hold((due, now, part, end - start, sum(sizes[start:end]), probe))
        if direction.state is LinkState.REJECT and not probe:
            self._refuse(packet)

    def give(self, direction: Direction, now: int) -> None:
        """Write packets that are due, at most one burst, so that reading continues."""
        flight, tun, write, clock = direction.flight, self.tun, os.write, time.monotonic_ns
        for _ in range(_BURST_PACKETS):
            if not flight or flight[0][0] > now:
                return
            each = flight.popleft()
            try:
                write(tun, each[2])
            except OSError:  # headers that the kernel refuses
                direction.unwritten(each)
            else:
                direction.delivered(each, now)
            now = clock()

    def _look_up(self, packet: bytes) -> tuple[Direction | None, bool]:
        """Return the direction of a packet to a new destination (None: malformed), and whether it is a probe."""
        if not is_ipv4(packet):
            return None, False
        destination = packet[_DESTINATION]
        if destination in self._probes:
            return self._probes[destination], True
        return self._towards(destination), False

    def _towards(self, destination: bytes) -> Direction | None:
        """Return the direction that leads to an address, and cache it; None while the link is closed."""
        if not self.opened:
            return None
        for subnet, direction in zip(self.subnets, reversed(self.directions), strict=True):
            if _within(destination, subnet):
                if len(self._known) >= _MOST_ADDRESSES:
                    self._known.clear()
                self._known[destination] = direction
                return direction
        return None

    def _refuse(self, packet: bytes) -> None:
        """Answer a packet as a closed port would, without delay: the router itself refuses."""
        reply = refusal(packet)
        if reply is not None:
            try:
                os.write(self.tun, reply)
            except OSError:
                self.malformed += 1


def _within(address: bytes, subnet: IPv4Network) -> bool:
    number = int.from_bytes(address, "big")
    return number & int(subnet.netmask) == int(subnet.network_address)


def serve(config: Config, name: str, tun: int, sockets: Path) -> None:
    """Run one link on the TUN device that the router opened for it, until this process ends."""
    schedule.die_with_parent()
    schedule.be_called(PROCESS)
    control = ControlSocket(sockets / f"{name}.sock")
    Emulator(config, name, tun).run(control)

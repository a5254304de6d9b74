"""What becomes of packets between hosts: policies, the links' own decisions, hosts that are down.

A flight of packets that is not lost is one event. What passes, and when, is decided as the router decides it, by
`lab.network` and `lab.link.direction`; so are its counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lab.link.direction import Direction, InFlight
from lab.link.impairment import Impairment, LinkState, Setting
from lab.network.reach import WHAT, Ports, Way, way
from lab.network.vpc import INTERNET, Network
from lab.network.vpc import Protocol as IpProtocol
from lab.plan.values import Plan
from lab.simulation.kernel import Kernel

LAN = 50_000  # ns from one host to another in a region, or through the router alone
SEGMENT = 1448  # bytes of TCP payload in a packet of an Ethernet network
HEADERS = 52  # bytes of IPv4 and TCP, with its time stamps

Arrived = Callable[[int, int], None]  # the first packet of those sent that arrives, and the one after the last
Refused = Callable[[], None]


def sizes_of(payload: int) -> list[int]:
    """Return the sizes on the wire of the packets that carry so many bytes; an empty one for none."""
    full, rest = divmod(payload, SEGMENT)
    return [SEGMENT + HEADERS] * full + ([rest + HEADERS] if rest or not full else [])


class Paths:
    """The ways between the hosts of a lab; hosts are instances, or INTERNET."""

    def __init__(self, kernel: Kernel, plan: Plan) -> None:
        self._kernel = kernel
        self._regions = {its.name: broker.region for broker in plan.brokers for its in broker.instances}
        self.directions: dict[str, dict[str, Direction]] = {}  # by link and the region that is left
        self._between: dict[tuple[str, str], Direction] = {}
        for link in plan.links:
            for each in link.directions:
                made = Direction(each.leaving, each.reaching, each.setting, plan.seed)
                self.directions.setdefault(link.name, {})[each.leaving] = made
                self._between[each.leaving, each.reaching] = made
        self.network = plan.network
        self._ways: dict[tuple[str, str], Way | None] = {}
        self.dropped: Counter[tuple[str, str, str, str]] = Counter()  # by source, target, place and cause
        self.refusing: set[str] = set()  # hosts that are down: the router answers for them
        self.missing: set[str] = set()  # hosts that there are not

    def apply(self, network: Network) -> None:
        """Replace the policies: connections that are known go on if they still have a route."""
        self.network = network
        self._ways.clear()

    def change(self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None) -> None:
        """Replace the impairment, or the state, of directions of a link."""
        for region in leaving:
            its = self.directions[link][region]
            setting = Setting(impairment=its.impairment, state=its.state)
            if impairment is not None:
                setting = replace(setting, impairment=impairment)
            if state is not None:
                setting = replace(setting, state=state)
            its.change(setting, self._kernel.now)

    def send(
        self, source: str, target: str, sizes: Sequence[int], arrived: Arrived, refused: Refused, new: int | None = None
    ) -> None:
        """Send packets together; `refused` is called for what is answered by a reset.

        `new` is the port of a connection that they begin.
        """
        if not self._pass(source, target, new, len(sizes)):
            return
        direction = self._direction(source, target)
        if direction is None:
            if source == INTERNET or target == INTERNET or self._regions[source] == self._regions[target]:
                self._kernel.after(LAN, self._reach, target, arrived, refused, 0, len(sizes))
            return
        now = self._kernel.now
        direction.lab.read(len(sizes), sum(sizes))
        if direction.state is LinkState.REJECT:
            direction.admit(now, sizes)
            self._kernel.after(LAN, refused)
        elif direction.delay_only:
            direction.pass_on(now, b"", len(sizes), sum(sizes), False)
            if direction.flight:
                self._fly(direction, target, arrived, refused, 0, len(sizes))
        else:
            for first, last, due in direction.admit(now, sizes):
                held = len(direction.flight)
                direction.hold((due, now, b"", last - first, sum(sizes[first:last]), False))
                if len(direction.flight) > held:
                    self._fly(direction, target, arrived, refused, first, last)

    def _fly(
        self, direction: Direction, target: str, arrived: Arrived, refused: Refused, first: int, last: int
    ) -> None:
        each = direction.flight[-1]
        self._kernel.at(each[0] + LAN, self._land, direction, each, target, arrived, refused, first, last)

    def _land(
        self,
        direction: Direction,
        each: InFlight,
        target: str,
        arrived: Arrived,
        refused: Refused,
        first: int,
        last: int,
    ) -> None:
        if direction.flight and direction.flight[0] is each:  # else it was in the cable when that was cut
            direction.flight.popleft()
            direction.delivered(each, self._kernel.now - LAN)
            self._reach(target, arrived, refused, first, last)

    def _reach(self, target: str, arrived: Arrived, refused: Refused, first: int, last: int) -> None:
        if target in self.refusing:
            refused()
        elif target not in self.missing:
            arrived(first, last)

    def back(self, source: str, target: str) -> int:
        """Return the ns that a packet takes at least from one host to another."""
        direction = self._direction(source, target)
        return LAN if direction is None else LAN + direction.hold_ns

    def lossless(self, source: str, target: str) -> bool:
        """Return whether nothing is ever lost between two hosts, since no link is between them."""
        return source == INTERNET or target == INTERNET or self._regions[source] == self._regions[target]

    def _direction(self, source: str, target: str) -> Direction | None:
        if source == INTERNET or target == INTERNET:
            return None
        return self._between.get((self._regions[source], self._regions[target]))

    def _pass(self, source: str, target: str, new: int | None, packets: int) -> bool:
        """Return whether packets pass the policies; count them if they do not."""
        if target == INTERNET or (source != INTERNET and self._regions[source] == self._regions[target]):
            return True
        its = self._way(source, target)
        if its is None or its.stop is not None:
            self._drop(source, target, "way", "" if its is None else its.no_route, packets)
        elif new is None:
            return True
        elif not _has(its.outbound, new):
            self._drop(source, target, "out", its.no_egress.replace(WHAT, f"tcp {new}"), packets)
        elif not _has(its.inbound, new):
            self._drop(source, target, "in", its.no_ingress.replace(WHAT, f"tcp {new}"), packets)
        else:
            return True
        return False

    def _way(self, source: str, target: str) -> Way | None:
        key = source, target
        if key not in self._ways:
            there = {each.name for each in self.network.interfaces}
            self._ways[key] = way(self.network, source, target) if {*key} <= {INTERNET, *there} else None
        return self._ways[key]

    def _drop(self, source: str, target: str, at: str, cause: str, packets: int) -> None:
        self.dropped[source, target, at, cause] += packets


def _has(allowed: Sequence[Ports], port: int) -> bool:
    return any((IpProtocol.TCP, port) in each for each in allowed)


Drops = Mapping[tuple[str, str, str, str], int]

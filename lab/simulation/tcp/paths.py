"""The fate of packets between hosts: policies, the links' own decisions, hosts that are down.

A flight of packets that is not lost is one event. What passes, and when, is decided as the router decides it, by
`lab.network` and `lab.link.direction`; so are its counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from lab.link.impairment import Impairment, LinkState
from lab.network.reach import WHAT, Ports, Way, way
from lab.network.vpc import INTERNET, Network
from lab.network.vpc import Protocol as IpProtocol
from lab.plan.values import Plan
from lab.simulation.chance import generator
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.cable import Cable

LAN = 50_000  # ns from one host to another in a region, or through the router alone
SEGMENT = 1448  # bytes of TCP payload in a packet of an Ethernet network
_TURN = 16_384_000_000  # ns of the wheel of timers after which the coarsest of those that are set here ring
HEADERS = 52  # bytes of IPv4 and TCP, with its time stamps

Arrived = Callable[[int, int], None]  # the bytes that arrive, first and after the last
Refused = Callable[[], None]


def sizes_of(payload: int) -> list[int]:
    """Return the sizes on the wire of the packets that carry so many bytes; an empty one for none."""
    full, rest = divmod(payload, SEGMENT)
    return [SEGMENT + HEADERS] * full + ([rest + HEADERS] if rest or not full else [])


class Path:
    """The way of packets from one host to another."""

    __slots__ = (
        "_direction", "_kernel", "_on_landing", "_passes", "_refusing", "away", "known", "near", "on_reach", "phase",
        "target",
    )  # fmt: skip

    def __init__(
        self,
        kernel: Kernel,
        target: str,
        direction: Cable | None,
        passes: Callable[[int | None, int], bool] | None,  # by the port of a connection that begins; None: all pass
        refusing: Set[str],
        away: Set[str],  # those and what there is not
        near: bool,  # no link is between the two: nothing is ever lost
        phase: int = 0,  # ns: how far the wheel of timers at its beginning has turned
    ) -> None:
        self.phase = phase
        self._kernel, self.target, self._direction, self._passes = kernel, target, direction, passes
        self._refusing, self.away, self.near = refusing, away, near
        self.on_reach = self._reach  # bound once, as the next: one that is asked for is made anew
        self._on_landing: Callable[..., None] = self._reach if direction is None else direction.land
        self.known = passes is None  # packets of connections that are open pass, as the policies are now

    def send(self, start: int, end: int, arrived: Arrived, refused: Refused, new: int | None = None) -> None:
        """Send bytes of a stream together; `refused` is called if a reset answers them.

        `new` is the port of a connection that they begin.
        """
        direction, kernel = self._direction, self._kernel
        if (new is not None or not self.known) and self._passes is not None:
            if not self._passes(new, -((start - end) // SEGMENT) or 1):
                return
            self.known = self.known or new is None
        if direction is None:
            if self.near:
                kernel.after(LAN, self.on_reach, arrived, refused, start, end)
            return
        packets = 1 if end - start <= SEGMENT else -((start - end) // SEGMENT)
        octets = end - start + packets * HEADERS
        if direction.delay_only:
            if (each := direction.carry(kernel.now, packets, octets)) is not None:
                kernel.at(each[0] + LAN, self._on_landing, each, self, arrived, refused, start, end)
            return
        direction.lab.read(packets, octets)
        if direction.state is LinkState.REJECT:
            direction.admit(kernel.now, [octets] * packets)
            kernel.after(LAN, refused)
        else:
            self._admit(direction, start, end, arrived, refused)

    @property
    def delay(self) -> int:
        """Return the delay that the link of this path adds, in ns; 0 if the path uses no link."""
        return 0 if self._direction is None else self._direction.hold_ns

    @property
    def delays_only(self) -> bool:
        """Return whether all packets under way will arrive if the link is not cut meanwhile."""
        return self._direction is None or self._direction.delay_only

    def forget(self) -> None:
        """Check again whether packets pass: the policies have changed."""
        self.known = self._passes is None

    def _admit(self, direction: Cable, start: int, end: int, arrived: Arrived, refused: Refused) -> None:
        now, sizes = self._kernel.now, sizes_of(end - start)
        for first, last, due in direction.admit(now, sizes):
            each = due, now, b"", last - first, sum(sizes[first:last]), False
            if direction.hold(each):
                part = start + first * SEGMENT, min(start + last * SEGMENT, end)
                self._kernel.at(due + LAN, direction.land, each, self, arrived, refused, *part)

    def _reach(self, arrived: Arrived, refused: Refused, start: int, end: int) -> None:
        if (target := self.target) not in self.away:
            arrived(start, end)
        elif target in self._refusing:
            refused()


class Paths:
    """The ways between the hosts of a lab; hosts are instances, or INTERNET."""

    def __init__(self, kernel: Kernel, plan: Plan) -> None:
        self._kernel = kernel
        self._regions = {its.name: broker.region for broker in plan.brokers for its in broker.instances}
        self._regions |= {host.name: host.region for host in plan.hosts}
        self.directions: dict[str, dict[str, Cable]] = {}  # by link and the region that is left
        self._between: dict[tuple[str, str], Cable] = {}
        for link in plan.links:
            for each in link.directions:
                made = Cable(each.leaving, each.reaching, each.setting, plan.seed)
                self.directions.setdefault(link.name, {})[each.leaving] = made
                self._between[each.leaving, each.reaching] = made
        self.network = plan.network
        self._phase = generator(plan.seed, "timers of TCP").randrange(_TURN)
        self._ways: dict[tuple[str, str], Way | None] = {}
        self._paths: dict[tuple[str, str], Path] = {}
        self.dropped: Counter[tuple[str, str, str, str]] = Counter()  # by source, target, place and cause
        self.refusing: set[str] = set()  # hosts that are down: the router answers for them
        self.away: set[str] = set()  # those, and hosts that there are not

    def add(self, host: str, region: str) -> None:
        """Add a host, which is not there before it starts; the ways of an earlier host of its name are forgotten."""
        self._regions[host] = region
        self.away.add(host)
        self.refusing.discard(host)
        for pair in [pair for pair in self._paths if host in pair]:
            del self._paths[pair]

    def apply(self, network: Network) -> None:
        """Replace the policies: known connections continue if they still have a route."""
        self.network = network
        self._ways.clear()
        for path in self._paths.values():
            path.forget()

    def change(self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None) -> None:
        """Replace the impairment, or the state, of directions of a link."""
        for region in leaving:
            its = self.directions[link][region]
            setting = its.setting
            if impairment is not None:
                setting = replace(setting, impairment=impairment)
            if state is not None:
                setting = replace(setting, state=state)
            its.change(setting, self._kernel.now)

    def path(self, source: str, target: str) -> Path:
        """Return the path from one host to another."""
        key = source, target
        if key not in self._paths:
            near = source == INTERNET or target == INTERNET or self._regions[source] == self._regions[target]
            free = near and (target == INTERNET or source != INTERNET)
            direction = None if near else self._between.get((self._regions[source], self._regions[target]))
            passes = None if free else lambda new, packets: self._pass(source, target, new, packets)
            self._paths[key] = Path(
                self._kernel, target, direction, passes, self.refusing, self.away, near, self._phase
            )
        return self._paths[key]

    def _pass(self, source: str, target: str, new: int | None, packets: int) -> bool:
        """Return whether packets pass the policies; count them if they do not."""
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

"""The facts of a drawing: regions and their places, the links and messages between them, and the state of bridges.

The terminal's drawing and the page's map are made of it; they decide the width of names and the course of lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lab.base.dataclass import dataclass
from lab.judge.evidence.timeline import End
from lab.judge.values import BridgeReport, BrokerOutline, Flow, LinkReport, RegionOutline, Report, RouteReport
from lab.network.regions import NONE
from lab.report.positions import Point, positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The messages of one direction between two regions, or within one region."""

    received: int
    expected: int | None  # None where no broker was expected to receive a particular message
    used: bool  # whether there was any flow
    link: LinkReport | None

    def count(self, digits: str = "") -> str:
        """Return the count in words: "9 of 10", or "9" if `expected` is None; `digits` is a format of numbers."""
        received = f"{self.received:{digits}}"
        return received if self.expected is None else f"{received} of {self.expected:{digits}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A connector's bridge, with the brokers at which its ends are up, and those at which its state is unknown."""

    connector: str
    broker: str
    remote: str
    duplex: bool
    up: tuple[str, ...]  # brokers
    unseen: tuple[str, ...] = ()  # brokers that did not answer at the end

    @property
    def state(self) -> str:
        """Return the ends at which the bridge is up, in words."""
        known = [f"up at {' and '.join(self.up)}"] if self.up else []
        return ", ".join([*known, *(f"unknown at {broker}" for broker in self.unseen)]) or "down"

    @property
    def whole(self) -> bool:
        """Return whether the bridge is up at every end: one, or two if it is duplex."""
        return len(self.up) == (2 if self.duplex else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A region with its brokers, and where it is."""

    name: str
    city: str  # "" if it is none of AWS's regions
    aws_region: str
    brokers: tuple[BrokerOutline, ...]
    within: Way
    at: Point  # in the unit square, from the upper left

    @property
    def label(self) -> str:
        """Return the name of the only broker, or else of the region."""
        return self.brokers[0].name if len(self.brokers) == 1 else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Two regions that a link, a bridge or messages join."""

    left: Place
    right: Place
    forth: Way
    back: Way
    bridges: tuple[Bridge, ...]
    linked: bool

    @property
    def configured(self) -> str:
        """Return the round trip as configured, in words; "" if the history does not tell."""
        return _round_trip([link.configured_delay for link in self._links])

    @property
    def link(self) -> str:
        """Return the round trip as configured, or else what is known of the link, in words."""
        return self.configured or ("not recorded" if self.linked else "no link")

    @property
    def measured(self) -> str:
        """Return the round trip as measured, the medians of both directions in sum; "" if there is none."""
        medians = [link.measured_p50 for link in self._links]
        return _round_trip([median for median in medians if median is not None]) if None not in medians else ""

    @property
    def _links(self) -> list[LinkReport]:
        return [way.link for way in (self.forth, self.back) if way.link is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A way from region to region on which, by the rules of forwarding, not every message arrives."""

    source: Place
    target: Place
    why: tuple[str, ...]  # of each destination, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The regions of a report, the joints between each two of them, and the brokers where messages are stopped."""

    places: tuple[Place, ...]
    joints: tuple[Joint, ...]
    bridges: tuple[Bridge, ...]
    stopped: tuple[Stopped, ...] = ()


def picture(report: Report) -> Picture:
    """Return the picture of a report."""
    return compose(
        report.regions,
        bridges(report),
        links=report.links,
        flows=report.flows,
        declared_links=report.linked,
        routes=report.routes,
    )


def compose(
    regions: Sequence[RegionOutline],
    bridges: tuple[Bridge, ...],
    *,
    links: Sequence[LinkReport],
    flows: Sequence[Flow] = (),
    declared_links: Sequence[tuple[str, str]] = (),
    routes: Sequence[RouteReport] = (),
) -> Picture:
    """Return a picture of regions and of the joints between them; brokers of no region are skipped."""
    home = {broker.name: number for number, region in enumerate(regions) for broker in region.brokers}
    numbers = {region.name: number for number, region in enumerate(regions)}
    sent: dict[tuple[int, int], list[Flow]] = {}
    for flow in flows:
        if flow.source in home and flow.target in home:
            sent.setdefault((home[flow.source], home[flow.target]), []).append(flow)
    counted = {
        (numbers[link.leaving], numbers[link.reaching]): link
        for link in links
        if link.leaving in numbers and link.reaching in numbers
    }
    between: dict[tuple[int, int], list[Bridge]] = {}
    for bridge in bridges:
        if bridge.broker in home and bridge.remote in home:
            ends = sorted((home[bridge.broker], home[bridge.remote]))
            between.setdefault((ends[0], ends[1]), []).append(bridge)

    def way(source: int, target: int) -> Way:
        return _way(sent.get((source, target), ()), counted.get((source, target)))

    stopped: dict[tuple[int, int], list[str]] = {}
    for route in routes:
        if route.arrives != "always" and route.source in home and route.target in home:
            words = f"{route.of} from {route.source} to {route.target}: {route.arrives}"
            told = "; ".join((words, *route.stops))
            stopped.setdefault((home[route.source], home[route.target]), []).append(told)

    declared = [(numbers[a], numbers[b]) for a, b in declared_links if a in numbers and b in numbers]
    linked = {(min(pair), max(pair)) for pair in (*counted, *declared)}
    joined = sorted({(min(pair), max(pair)) for pair in (*linked, *between, *sent) if pair[0] != pair[1]})
    met = [pair for pair in joined if pair in linked or pair in between]
    points = positions([region.aws_region for region in regions], met)
    places = [_place(region, way(number, number), points[number]) for number, region in enumerate(regions)]
    return Picture(
        places=tuple(places),
        joints=tuple(
            Joint(
                left=places[a],
                right=places[b],
                forth=way(a, b),
                back=way(b, a),
                bridges=tuple(between.get((a, b), ())),
                linked=(a, b) in linked,
            )
            for a, b in joined
        ),
        bridges=bridges,
        stopped=tuple(
            Stopped(source=places[a], target=places[b], why=tuple(why)) for (a, b), why in stopped.items() if a != b
        ),
    )


def bridges(report: Report) -> tuple[Bridge, ...]:
    """Return the bridge of every connector observed.

    A responder's end has no name of its own: of several connectors between the same brokers it is counted for those
    whose initiator's end is up.
    """
    found = []
    nears = [end for end in report.bridges if not end.created_by_duplex]
    between = Counter((near.broker, near.remote) for near in nears)
    responders: dict[tuple[str, str], list[BridgeReport]] = {}
    for end in report.bridges:
        responders.setdefault((end.remote, end.broker), []).append(end)
    for near in nears:
        alone = between[near.broker, near.remote] == 1
        fars = [far for far in responders.get((near.broker, near.remote), ()) if _end(far).answers(_end(near))]
        ends = [near, *(far for far in fars if alone or near.up or far.connector == near.connector)]
        found.append(
            Bridge(
                connector=near.connector,
                broker=near.broker,
                remote=near.remote,
                duplex=near.duplex or bool(fars),
                up=tuple(dict.fromkeys(end.broker for end in ends if end.up and end.unseen_since is None)),
                unseen=tuple(dict.fromkeys(end.broker for end in ends if end.unseen_since is not None)),
            )
        )
    return tuple(found)


def _end(bridge: BridgeReport) -> End:
    return End(bridge.connector, bridge.broker, bridge.remote, bridge.created_by_duplex)


def _way(flows: Sequence[Flow], link: LinkReport | None) -> Way:
    """Return the sum of the flows' messages, and the link that the messages may take."""
    counts = [flow.expected for flow in flows]
    return Way(
        received=sum(flow.received for flow in flows),
        expected=None if None in counts else sum(number for number in counts if number is not None),
        used=bool(flows),
        link=link,
    )


def _place(region: RegionOutline, within: Way, at: Point) -> Place:
    city = "" if region.city == region.aws_region == NONE else region.city
    return Place(
        name=region.name, city=city, aws_region=region.aws_region, brokers=region.brokers, within=within, at=at
    )


def _round_trip(delays: Sequence[float]) -> str:
    """Return the sum of two delays in words, or both where they are unlike; "" if there is none."""
    if len(delays) < 2:
        return "".join(f"{each:.1f} ms one way" for each in delays)
    if max(delays) - min(delays) > 0.1 * max(delays):
        return " + ".join(f"{each:.1f}" for each in delays) + " ms"
    return f"{sum(delays):.1f} ms"

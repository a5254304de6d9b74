"""The stage of a film: the report's map with room for states, and the numbers of its parts in the drawing's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.base.dataclass import dataclass
from lab.judge.values import Report, RouteReport
from lab.report.html.network_map import NetworkMap, network_map
from lab.report.picture import Bridge, Picture, picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The map of a film; the numbers of strokes, plates and brokers count them in the drawing's order."""

    map: NetworkMap | None
    links: Mapping[frozenset[str], int]  # by the two regions: the number of the stroke
    plates: Mapping[frozenset[str], int]  # by the two regions: the number of the plate with room
    bridges: Mapping[Bridge, int]  # the number of the stroke
    ends: Sequence[tuple[str, str]]  # by the number of a stroke: the regions where it begins and ends
    brokers: tuple[str, ...]  # those with room, in order
    regions: Mapping[str, str]  # by broker
    leaving: Mapping[
        str, Sequence[tuple[Bridge, str]]
    ]  # by broker: the bridges that messages can take, and the other broker

    def place(self, kind: str, number: int, names: Sequence[str]) -> int:
        """Return a link's plate, -1 without one; of a bridge, 1 if it begins where its stroke ends, else 0."""
        if kind == "link":
            return self.plates.get(frozenset(names), -1)
        return int(kind == "bridge" and self.regions[names[1]] != self.ends[number][0])

    def hops(self, source: str, target: str, routes: Sequence[RouteReport]) -> tuple[int, ...]:
        """Return the strokes of the way between two brokers: number + 1, negative against the stroke's direction.

        The way is the one of the routes, or else the shortest over bridges. Bridges within a region are not drawn.
        """
        hops = []
        for route in routes:
            if (route.source, route.target) == (source, target) and (way := self._along(source, target, route.over)):
                hops = way
                break
        else:
            hops = self._shortest(source, target)
        strokes = []
        for bridge, begin in hops:
            if (number := self.bridges.get(bridge)) is not None:
                forth = self.ends[number][0] == self.regions.get(begin)
                strokes.append(number + 1 if forth else -number - 1)
        return tuple(strokes)

    def _along(self, source: str, target: str, connectors: Sequence[str]) -> list[tuple[Bridge, str]]:
        """Return the bridges of connectors, and where each begins; none if they do not lead to the target."""
        at, hops = source, []
        for connector in connectors:
            leaving = self.leaving.get(at, ())
            step = next(((bridge, end) for bridge, end in leaving if bridge.connector == connector), None)
            if step is None:
                return []
            hops.append((step[0], at))
            at = step[1]
        return hops if at == target else []

    def _shortest(self, source: str, target: str) -> list[tuple[Bridge, str]]:
        came: dict[str, tuple[Bridge, str] | None] = {source: None}
        waiting = [source]
        for at in waiting:  # which grows
            for bridge, end in self.leaving.get(at, ()):
                if end not in came:
                    came[end] = (bridge, at)
                    waiting.append(end)
        hops = []
        step = came.get(target)
        while step is not None:
            hops.append(step)
            step = came[step[1]]
        return hops[::-1]


def stage(report: Report) -> Stage:
    """Return the stage of a report; without a map if there are too many regions to draw."""
    return staged(picture(report))


def staged(shown: Picture) -> Stage:
    """Return the stage of a picture; without a map if there are too many regions to draw."""
    drawn = network_map(replace(shown, stopped=()), moving=True)
    strokes = () if drawn is None else drawn.strokes
    plates = () if drawn is None else drawn.plates
    leaving: dict[str, list[tuple[Bridge, str]]] = {}
    for bridge in shown.bridges:
        leaving.setdefault(bridge.broker, []).append((bridge, bridge.remote))
        if bridge.duplex:
            leaving.setdefault(bridge.remote, []).append((bridge, bridge.broker))
    rooms = [] if drawn is None else [words.room for box in drawn.boxes for words in box.labels if words.room]
    return Stage(
        map=drawn,
        links={frozenset(stroke.ends): number for number, stroke in enumerate(strokes) if stroke.tone == "link"},
        plates={frozenset(plate.ends): number for number, plate in enumerate(plates)},
        bridges={bridge: number for number, stroke in enumerate(strokes) for bridge in stroke.bridges},
        ends=[stroke.ends for stroke in strokes],
        brokers=tuple(dict.fromkeys(rooms)),
        regions={broker.name: place.name for place in shown.places for broker in place.brokers},
        leaving=leaving,
    )

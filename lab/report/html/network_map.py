"""The geometry of the page's map: boxes for regions, bands for links, arrows for bridges, in units of its viewBox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple

from rich.cells import cell_len

from lab.base.dataclass import dataclass
from lab.report.picture import Bridge, Joint, Picture, Place
from lab.report.positions import Point, rows, spread

WIDTH = 1000.0
MOST_PLACES = 60  # more are no picture
_MOST_NAMED, _MOST_BENT = 16, 120  # lines that may have words beside them, and that are led around boxes
_FEW = 12  # regions, whose boxes may have more words and more room
_APART, _CLOSE, _MARGIN, _CLEAR = (112.0, 56.0), (30.0, 34.0), 8.0, 5.0
_NAMES, _LONGEST = 3, 28  # brokers of a region that are named, and cells of a line
_NAMES_IN_MOTION = 8  # the same in a map that changes
_LONGEST_OF_LINK = 20  # cells of the words about a link
_ROOM = {
    True: (3, _LONGEST),
    False: (1, 18),
}  # lines, and their cells, for a broker in a map of few regions, and of many
_BENDS = (0.0, 0.14, -0.14, 0.28, -0.28, 0.42, -0.42)
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)  # where a line has its words, tried in this order
_FAR = (0.0, 0.7, -0.7)  # on it or beside it
_ABOVE = ("link", "up", "down", "stopped")  # what hides what
_MOST_STOPPED = 40  # ways of which a line tells that messages do not arrive; a table has all
_SEEN = 50.0  # of a line that has words on it
_PIECES = 28  # of a line
_NEAR = 18.0  # at less, two lines are hard to tell apart
_BAND, _BESIDE = 14.0, 9.0  # how wide a link's band is, and how far apart arrows are
_BROAD, _SMALL = 8.6, 6.6  # how wide a sign is, of a name and of other words
_LINE = {True: 19.0, False: 15.0}  # how high a line is


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words in a box or at a line."""

    x: float
    y: float
    text: str
    strong: bool = False
    room: str = ""  # the broker that an empty line has room for; LINK for a link's


LINK = "a link"


class _Label(NamedTuple):
    """A line of words in a box."""

    text: str
    strong: bool = False
    room: str = ""
    cells: int = 0  # that an empty line has room for

    @property
    def width(self) -> float:
        """Return the width of the line, or of an empty line the width of its room."""
        return (self.cells or cell_len(self.text)) * (_BROAD if self.strong else _SMALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of the map, with words in it."""

    x: float
    y: float
    width: float
    height: float
    labels: tuple[Words, ...]

    def holds(self, point: Point, margin: float) -> bool:
        """Return whether a point is in the area or within that distance."""
        x, y = point[0] - self.x, point[1] - self.y
        return -margin <= x <= self.width + margin and -margin <= y <= self.height + margin

    def meets(self, other: Area, margin: float) -> bool:
        """Return whether the area is on, or within that distance of, another area."""
        return (
            self.x - margin < other.x + other.width
            and other.x - margin < self.x + self.width
            and self.y - margin < other.y + other.height
            and other.y - margin < self.y + self.height
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Box(Area):
    """A region's box with its words."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A line with its heads, as paths."""

    path: str
    tone: str  # link | up | down | stopped
    title: str
    width: float
    heads: str = ""
    ends: tuple[str, str] = ("", "")  # the regions where the path begins and ends
    bridges: tuple[Bridge, ...] = ()  # of an arrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate(Area):
    """The words at a link, and the ground they stand on."""

    ends: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMap:
    """The shapes of the page's map, with their places."""

    top: float
    height: float
    boxes: tuple[Box, ...]
    strokes: tuple[Stroke, ...]
    plates: tuple[Plate, ...]


def network_map(shown: Picture, *, moving: bool = False) -> NetworkMap | None:
    """Return the map; None for two regions or fewer, and for more than can be seen.

    A map that changes (`moving`) is drawn of one region too. Each of its bridges is an arrow of its own, and below the
    name of each broker, and of each link's round trip, is room for words.
    """
    if not (0 if moving else 2) < len(shown.places) <= MOST_PLACES:
        return None
    rooms, cells = _ROOM[len(shown.places) <= _FEW] if moving else (0, 0)
    words = [_words(place, code=len(shown.places) <= _FEW, rooms=rooms, cells=cells) for place in shown.places]
    sizes = [_size(each) for each in words]
    points = _points([place.at for place in shown.places], sizes)
    boxes = [_box(*each) for each in zip(shown.places, words, points, sizes, strict=True)]
    numbers = {place.name: number for number, place in enumerate(shown.places)}
    joints = [joint for joint in shown.joints if joint.linked or joint.bridges]
    bends = _BENDS if len(joints) <= _MOST_BENT else (0.0,)
    strokes: list[Stroke] = []
    plates: list[Plate] = []
    courses: list[list[Point]] = []  # of links and arrows, where there are so few that one can be told from another
    few = max(len(joints), len(shown.stopped)) <= _MOST_NAMED
    heights = [y for box in boxes for y in (box.y, box.y + box.height)]
    for joint in joints:
        a, b = numbers[joint.left.name], numbers[joint.right.name]
        others = [box for number, box in enumerate(boxes) if number not in (a, b)]
        line = min((_line(points[a], points[b], bend) for bend in bends), key=lambda line: _hidden(line, others))
        line = _between(line, boxes[a], boxes[b])
        if few:
            courses.append(line)
        strokes += _strokes(joint, line, dense=len(joints) > _MOST_BENT, apart=moving)
        if len(joints) <= _MOST_NAMED and (plate := _plate(joint, line, [*boxes, *plates], room=moving)):
            plates.append(plate)
        heights += [y for _, y in line]
    for each in shown.stopped[:_MOST_STOPPED]:
        a, b = numbers[each.source.name], numbers[each.target.name]
        others = [box for number, box in enumerate(boxes) if number not in (a, b)]
        bent = (_between(_line(points[a], points[b], bend), boxes[a], boxes[b]) for bend in _BENDS[1:])
        line = min(bent, key=lambda line: _hidden(line, others) + _hidden(line, plates) + _crowded(line, courses))
        if few:
            courses.append(line)
        title = "\n".join(each.why)
        strokes.append(Stroke(path=_path(line), tone="stopped", title=title, width=2.2, heads=_head(line)))
        heights += [y for _, y in line]
    top = min(heights) - _MARGIN
    return NetworkMap(
        top=top,
        height=max(heights) + _MARGIN - top,
        boxes=tuple(boxes),
        strokes=tuple(sorted(strokes, key=lambda stroke: _ABOVE.index(stroke.tone))),
        plates=tuple(plates),
    )


def _points(at: Sequence[Point], sizes: Sequence[Point]) -> tuple[Point, ...]:
    """Return the centres of boxes, with as much height as they need."""
    apart = _APART if len(at) <= _FEW else _CLOSE
    area = sum((wide + apart[0]) * (high + apart[1]) for wide, high in sizes)
    for factor in (1.3, 1.7, 2.2):
        if found := spread(at, sizes, (WIDTH, 90.0 + area * factor / WIDTH), apart):
            return found
    return rows(at, sizes, WIDTH, apart)


def _words(place: Place, *, code: bool, rooms: int, cells: int) -> list[_Label]:
    """Return the lines of a region's box."""
    most = _NAMES_IN_MOTION if rooms else _NAMES
    found = []
    for broker in place.brokers[:most]:
        found += [_Label(_cut(broker.name), True), *[_Label("", room=broker.name, cells=cells)] * rooms]
    if len(place.brokers) > most:
        found.append(_Label(f"and {len(place.brokers) - most} more"))
    found += [_Label("active + standby")] * any(broker.pair for broker in place.brokers)
    where = place.city or place.name
    coded = code and place.city not in ("", place.aws_region)
    found.append(_Label(_cut(f"{where} · {place.aws_region}" if coded else where)))
    if place.within.used and not rooms:
        found.append(_Label(f"within: {place.within.count(',')}"))
    return found


def _cut(text: str) -> str:
    """Return a text that is no longer than a box is wide."""
    if cell_len(text) <= _LONGEST:
        return text
    while cell_len(text) >= _LONGEST:
        text = text[:-1]
    return f"{text}…"


def _size(labels: Sequence[_Label]) -> Point:
    wide = max(label.width for label in labels)
    return max(90.0, wide + 26.0), 18.0 + sum(_LINE[label.strong] for label in labels)


def _box(place: Place, labels: Sequence[_Label], at: Point, size: Point) -> Box:
    left, top = at[0] - size[0] / 2, at[1] - size[1] / 2
    placed, y = [], top + 7.0
    for label in labels:
        y += _LINE[label.strong]
        placed.append(Words(x=at[0], y=y - 2.0, text=label.text, strong=label.strong, room=label.room))
    ran = (f"{broker.name}: ActiveMQ {broker.activemq_version or broker.engine_version}" for broker in place.brokers)
    title = "\n".join([f"{place.name}, {place.city or 'none of AWS'}", *ran])
    return Box(x=left, y=top, width=size[0], height=size[1], labels=tuple(placed), title=title)


def _line(a: Point, b: Point, bend: float) -> list[Point]:
    """Return points of a line that is bent to its left by a part of its length."""
    middle = (a[0] + b[0]) / 2 + (b[1] - a[1]) * bend, (a[1] + b[1]) / 2 - (b[0] - a[0]) * bend

    def at(t: float, axis: int) -> float:
        return (1 - t) ** 2 * a[axis] + 2 * t * (1 - t) * middle[axis] + t**2 * b[axis]

    return [(at(number / _PIECES, 0), at(number / _PIECES, 1)) for number in range(_PIECES + 1)]


def _hidden(line: Sequence[Point], boxes: Sequence[Area]) -> int:
    """Return how many points of a line boxes would hide, or points that leave the map."""
    return sum(not 0 <= x <= WIDTH or any(box.holds((x, y), _CLEAR) for box in boxes) for x, y in line)


def _crowded(line: Sequence[Point], courses: Sequence[Sequence[Point]]) -> int:
    """Return how many points of a line are so near to another line that they are hard to distinguish."""
    return sum(any(hypot(x - a, y - b) < _NEAR for course in courses for a, b in course) for x, y in line)


def _between(line: Sequence[Point], first: Box, last: Box) -> list[Point]:
    """Return the part of a line that is outside of the boxes at its ends."""
    inside = [point for point in line if not first.holds(point, _CLEAR) and not last.holds(point, _CLEAR)]
    begin, end = _edge(line, first), _edge(line[::-1], last)
    return [begin, *inside, end]


def _edge(line: Sequence[Point], box: Box) -> Point:
    """Return where a line that begins in a box leaves it."""
    for a, b in pairwise(line):
        if not box.holds(b, _CLEAR):
            for _ in range(12):
                middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
                a, b = (middle, b) if box.holds(middle, _CLEAR) else (a, middle)
            return b
    return line[-1]


def _strokes(joint: Joint, line: Sequence[Point], *, dense: bool, apart: bool) -> Iterator[Stroke]:
    """Yield the band of a link, and an arrow for all bridges of one way and state; where it is dense, thin lines.

    With `apart`, each bridge has an arrow.
    """
    groups: dict[tuple[str, bool, int], list[Bridge]] = {}
    names = {broker.name for broker in joint.left.brokers}
    for number, bridge in enumerate(joint.bridges):
        way = "both" if bridge.duplex else "there" if bridge.broker in names else "back"
        groups.setdefault((way, bridge.whole, number if apart else 0), []).append(bridge)
    ends = joint.left.name, joint.right.name
    if joint.linked:
        title = ", ".join((f"link {joint.left.name} – {joint.right.name}", *_round_trips(joint)))
        yield Stroke(
            path=_path(line),
            tone="link",
            title=title,
            ends=ends,
            width=_BAND / (7 if dense else 1) + _BESIDE * max(0, len(groups) - 1),
        )
    for number, ((way, whole, _), bridges) in enumerate(groups.items()):
        course = _beside(line, (number - (len(groups) - 1) / 2) * _BESIDE)
        thin = dense and whole
        heads = [] if thin else [_head(course)] * (way != "back") + [_head(course[::-1])] * (way != "there")
        title = "\n".join(
            f"{each.connector}: {each.broker} {'⇄' if each.duplex else '→'} {each.remote}, {each.state}"
            for each in bridges
        )
        yield Stroke(
            path=_path(course),
            tone="up" if whole else "down",
            title=title,
            width=0.7 if thin else 2.2,
            heads="".join(heads),
            ends=ends,
            bridges=tuple(bridges),
        )


def _beside(line: Sequence[Point], far: float) -> list[Point]:
    """Return a line that runs beside another one."""
    found = []
    for number, (x, y) in enumerate(line):
        a, b = line[max(0, number - 1)], line[min(len(line) - 1, number + 1)]
        long = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
        found.append((x - (b[1] - a[1]) / long * far, y + (b[0] - a[0]) / long * far))
    return found


def _path(line: Sequence[Point]) -> str:
    """Return a line as a path; of a straight one the ends are enough."""
    (x1, y1), (x2, y2) = line[0], line[-1]
    area = max(abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) for x, y in line)
    kept = [line[0], line[-1]] if len(line) > 3 and area < 0.2 * hypot(x2 - x1, y2 - y1) else line
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept)


def _head(line: Sequence[Point]) -> str:
    """Return the head of an arrow at the end of a line."""
    (x, y), (before_x, before_y) = line[-1], line[-2]
    long = hypot(x - before_x, y - before_y) or 1.0
    along = (x - before_x) / long, (y - before_y) / long
    foot = x - along[0] * 11, y - along[1] * 11
    sides = [(foot[0] - along[1] * side, foot[1] + along[0] * side) for side in (5.5, -5.5)]
    return _path([(x, y), *sides]) + "Z"


def _round_trips(joint: Joint) -> list[str]:
    """Return the configured and the measured round trip in words, as far as they are known."""
    trips = (joint.configured, "configured"), (joint.measured, "measured")
    return [f"{trip} {name}" for trip, name in trips if trip]


def _plate(joint: Joint, line: Sequence[Point], areas: Sequence[Area], *, room: bool) -> Plate | None:
    """Return the round trip's words where they hide nothing, if there is such a place; with `room` for the state."""
    lines = [_Label(trip) for trip in _round_trips(joint)]
    if not lines:
        return None
    lines += [_Label("", room=LINK, cells=_LONGEST_OF_LINK)] * room
    size = max(label.width for label in lines) + 14.0, len(lines) * _LINE[False] + 7.0
    across, down = abs(line[-1][0] - line[0][0]), abs(line[-1][1] - line[0][1])
    steep = down > across
    room = (down - size[1] if steep else across - size[0]) > _SEEN
    for far, along in ((far, along) for far in _FAR[0 if room else 1 :] for along in _ALONG):
        course = _beside(line, far * size[0 if steep else 1])
        x, y = course[round(along * (len(course) - 1))]
        left, top = x - size[0] / 2, y - size[1] / 2
        words = tuple(
            Words(x=x, y=top + (number + 1) * _LINE[False], text=label.text, room=label.room)
            for number, label in enumerate(lines)
        )
        ends = joint.left.name, joint.right.name
        plate = Plate(x=left, y=top, width=size[0], height=size[1], labels=words, ends=ends)
        if left > 0 and left + size[0] < WIDTH and not any(plate.meets(each, 5.0) for each in areas):
            return plate
    return None

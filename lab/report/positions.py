"""Where the regions of a picture are: as on a map, drawn apart until no two boxes touch.

Positions are schematic. North stays above south and east right of west; distances do not stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil, cos, pi, sin

from lab.network.regions import REGIONS

Point = tuple[float, float]

_ROUNDS = 400  # of pushing boxes apart


def positions(aws_regions: Sequence[str], joined: Sequence[tuple[int, int]]) -> tuple[Point, ...]:
    """Return a point in the unit square for each region, from the upper left; `joined` has pairs of their numbers.

    A region that is on no map is put below those it is joined with. Where none is on a map they stand in a circle,
    about the one that is joined with all others.
    """
    known = {
        number: (region.longitude, -region.latitude)
        for number, code in enumerate(aws_regions)
        if (region := REGIONS.get(code)) and region.longitude is not None and region.latitude is not None
    }
    if not known:
        return _circle(len(aws_regions), joined)
    across = _even(_cut_open([x for x, _ in known.values()]))
    down = _even([y for _, y in known.values()])
    found = dict(zip(known, zip(across, down, strict=True), strict=True))
    below: dict[Point, list[int]] = {}
    for number in range(len(aws_regions)):
        if number not in known:
            near = [found[a + b - number] for a, b in joined if number in (a, b) and a + b - number in known]
            xs, ys = zip(*near or [(0.5, 0.7)], strict=True)
            below.setdefault((sum(xs) / len(xs), sum(ys) / len(ys)), []).append(number)
    for (x, y), numbers in below.items():
        for turn, number in enumerate(numbers):
            beside = x + (turn - (len(numbers) - 1) / 2) * 0.35
            found[number] = (min(max(beside, 0.0), 1.0), min(1.0, y + 0.35))
    return tuple(found[number] for number in range(len(aws_regions)))


def spread(points: Sequence[Point], sizes: Sequence[Point], frame: Point, apart: Point) -> tuple[Point, ...] | None:
    """Return the centres of boxes with the given sizes in a frame, each near its point of the unit square.

    The gap between two boxes is at least `apart`, across or down. Return None if no such centres were found.
    """
    inner = [(max(0.0, frame[0] - wide), max(0.0, frame[1] - high)) for wide, high in sizes]
    centres = [
        [wide / 2 + x * room[0], high / 2 + y * room[1]]
        for (x, y), (wide, high), room in zip(points, sizes, inner, strict=True)
    ]
    for _ in range(_ROUNDS):
        if not _push(centres, sizes, inner, apart):
            return tuple((x, y) for x, y in centres)
    return None


def _push(centres: list[list[float]], sizes: Sequence[Point], inner: Sequence[Point], apart: Point) -> bool:
    """Push boxes that are too near to each other apart, within the frame; return whether there were any."""
    pushed = False
    for a, b in combinations(range(len(centres)), 2):
        over = [
            (sizes[a][axis] + sizes[b][axis]) / 2 + apart[axis] - abs(centres[b][axis] - centres[a][axis])
            for axis in (0, 1)
        ]
        if min(over) <= 1e-6:
            continue
        pushed = True
        # the shorter way, as a part of the room there is; of two in one place the later one goes down
        axis = 0 if over[0] / (sizes[a][0] + apart[0]) < over[1] / (sizes[a][1] + apart[1]) else 1
        way = 1 if centres[b][axis] >= centres[a][axis] else -1
        for number, sign in ((a, -way), (b, way)):
            low = sizes[number][axis] / 2
            moved = centres[number][axis] + sign * over[axis] * 0.55
            centres[number][axis] = min(max(moved, low), low + inner[number][axis])
    return pushed


def rows(points: Sequence[Point], sizes: Sequence[Point], width: float, apart: Point) -> tuple[Point, ...]:
    """Return centres in rows, as many as are needed: from north to south, in each of them from west to east."""
    cell = max(wide for wide, _ in sizes) + apart[0], max(high for _, high in sizes) + apart[1]
    columns = max(1, int((width + apart[0]) / cell[0]))
    count = ceil(len(points) / columns)
    columns = ceil(len(points) / count)
    order = sorted(range(len(points)), key=lambda number: points[number][1])
    found: dict[int, Point] = {}
    for row in range(count):
        numbers = sorted(order[row * columns : (row + 1) * columns], key=lambda number: points[number][0])
        for column, number in enumerate(numbers):
            found[number] = ((column + 0.5) * width / len(numbers), (row + 0.5) * cell[1])
    return tuple(found[number] for number in range(len(points)))


def _cut_open(longitudes: Sequence[float]) -> list[float]:
    """Return longitudes counted from where the earth is cut open: the widest gap between two of them."""
    ordered = sorted(longitudes)
    gaps = [(b - a, b) for a, b in zip(ordered, [*ordered[1:], ordered[0] + 360], strict=True)]
    west = max(gaps)[1]
    return [(each - west) % 360 for each in longitudes]


def _even(values: Sequence[float]) -> list[float]:
    """Return values between 0 and 1 in the same order, half as they are and half at even distances."""
    low, high = min(values), max(values)
    ranks = sorted(set(values))
    if low == high:
        return [0.5] * len(values)
    return [((each - low) / (high - low) + ranks.index(each) / (len(ranks) - 1)) / 2 for each in values]


def _circle(count: int, joined: Sequence[tuple[int, int]]) -> tuple[Point, ...]:
    """Return points on a circle, from its left on, and in its middle the one that is joined with all others."""
    neighbours = [{a + b - number for a, b in joined if number in (a, b)} - {number} for number in range(count)]
    hub = next((number for number in range(count) if count > 2 and len(neighbours[number]) == count - 1), None)
    if len({len(each) for each in neighbours}) == 1:
        hub = None  # a mesh has no middle
    around = [number for number in range(count) if number != hub]
    found = {
        number: (0.5 - cos(2 * pi * turn / len(around)) / 2, 0.5 - sin(2 * pi * turn / len(around)) / 2)
        for turn, number in enumerate(around)
    }
    return tuple((0.5, 0.5) if number == hub else found[number] for number in range(count))

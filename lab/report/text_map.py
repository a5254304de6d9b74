"""A picture as a map in plain text: brokers with their cities, and lines where there are links."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from lab.report.picture import Joint, Picture, Place
from lab.report.positions import spread

FEWEST_LINES, NARROWEST = 6, 48
_MOST_PLACES = 12  # more are no map in a terminal
_MOST_LINES = 15  # more, as in a mesh of seven, are a tangle
_MOST_NAMED = 7  # lines that have their round trip beside them
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66)  # where a line has its label, tried in this order
# The dots of a sign of Braille, from U+2800 on: two across, four down.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

_Cells = dict[tuple[int, int], str]


def text_map(shown: Picture, width: int, height: int, ascii: bool = False) -> list[str]:
    """Return the lines of a map; none if it cannot be read in so few cells."""
    if not 2 < len(shown.places) <= _MOST_PLACES or height < FEWEST_LINES or width < NARROWEST:
        return []
    lines = [joint for joint in shown.joints if joint.linked or joint.bridges]
    if len(lines) > _MOST_LINES:
        return []
    labels = [whereabouts(place) for place in shown.places]
    sizes = [(cell_len(label) + 4.0, 1.0) for label in labels]
    points = spread([place.at for place in shown.places], sizes, (float(width - 1), float(height)), (2.0, 1.0))
    if points is None:
        return []
    where = {place.name: (x, y) for place, (x, y) in zip(shown.places, points, strict=True)}
    cells: _Cells = {}
    taken: _Cells = {}
    for label, (x, y) in zip(labels, points, strict=True):
        _write(taken, f" {'o' if ascii else '●'} {label} ", x, int(y))
    for joint in lines:
        ends = where[joint.left.name], where[joint.right.name]
        _draw(cells, *ends, ascii)
        if len(lines) <= _MOST_NAMED:
            _name(taken, joint, *ends)
    cells.update(taken)
    return [_line(cells, row, width) for row in range(height) if any(y == row for _, y in cells)]


def whereabouts(place: Place) -> str:
    """Return the names of a region's brokers, and its city."""
    names = ", ".join(broker.name for broker in place.brokers) if len(place.brokers) < 3 else place.name
    if len(place.brokers) > 2:
        names += f": {len(place.brokers)} brokers"
    return f"{names or place.name} ({place.city})" if place.city else names or place.name


def _write(cells: _Cells, text: str, x: float, y: int) -> None:
    """Write a text about a point; the second cell of a wide sign holds nothing."""
    at = round(x - cell_len(text) / 2)
    for sign in text:
        cells[at, y] = sign
        for more in range(1, cell_len(sign)):
            cells[at + more, y] = ""
        at += cell_len(sign)


def _name(taken: _Cells, joint: Joint, a: tuple[float, float], b: tuple[float, float]) -> None:
    """Write a link's round trip where it hides nothing, if there is such a place."""
    text = f" {joint.configured} "
    long = max(abs(b[0] - a[0]), 3 * abs(b[1] - a[1]))
    for along in _ALONG if joint.configured and long > cell_len(text) + 2 else ():
        x, y = a[0] + (b[0] - a[0]) * along, int(a[1] + (b[1] - a[1]) * along)
        first = round(x - cell_len(text) / 2)
        if not any((first + cell, y) in taken for cell in range(-1, cell_len(text) + 1)):
            _write(taken, text, x, y)
            return


def _draw(cells: _Cells, a: tuple[float, float], b: tuple[float, float], ascii: bool) -> None:
    """Draw a straight line of dots."""
    across, down = (1, 1) if ascii else (2, 4)
    for x, y in _dots((a[0] * across, a[1] * down), (b[0] * across, b[1] * down)):
        place = (x // across, y // down)
        if ascii:
            cells[place] = "."
        else:
            before = ord(cells.get(place, "\u2800"))
            cells[place] = chr(before | _DOTS[y % 4][x % 2])


def _dots(a: tuple[float, float], b: tuple[float, float]) -> Iterator[tuple[int, int]]:
    count = max(1, round(max(abs(b[0] - a[0]), abs(b[1] - a[1]))))
    for number in range(count + 1):
        yield int(a[0] + (b[0] - a[0]) * number / count), int(a[1] + (b[1] - a[1]) * number / count)


def _line(cells: _Cells, row: int, width: int) -> str:
    return "".join(cells.get((column, row), " ") for column in range(width)).rstrip()

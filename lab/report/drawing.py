"""Plain-text drawing: two regions as boxes with arrows between them; more regions as a table below their cities.

Widths are in terminal cells, so names in any script line up. Colour is left to the terminal's renderer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.cells import cell_len

from lab.base.dataclass import dataclass
from lab.base.printable import plain, plain_line
from lab.judge.values import LinkReport, Report
from lab.report.picture import Bridge, Picture, Place, Way, picture

WIDEST = 100  # cells; longer arrows tell no more
NARROW, ROOMY = 22, 28  # cells of the arrows: at least, and where there is room
SIDE_BY_SIDE = 60  # cells that two boxes need
TALLEST = 23  # lines of cities with their tables, which should be seen at once
MOST_CITIES = 6  # lines of cities, where the tables leave no more room
FOLDED = 6  # lines of bridges that are never folded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strokes:
    corners: str  # top left, top right, bottom left, bottom right
    level: str
    upright: str
    left: str
    right: str
    both: str
    one: str
    back: str
    more: str


_FINE = _Strokes(corners="┌┐└┘", level="─", upright="│", left="◀", right="▶", both="⇄", one="→", back="←", more="…")
_ASCII = _Strokes(
    corners="++++", level="-", upright="|", left="<", right=">", both="<->", one="->", back="<-", more="."
)


def drawing(report: Report, width: int, ascii: bool = False) -> str:
    """Return the drawing of regions, messages and bridges; every line fits the width."""
    strokes = _ASCII if ascii else _FINE
    shown = _readable(picture(report), ascii)
    wide = max(1, min(width, WIDEST))
    places = shown.places
    if len(places) == 2 and wide >= SIDE_BY_SIDE:
        lines = [*_pair(shown, wide, strokes), *_bridges(shown.bridges, wide, strokes)]
    elif len(places) == 1:
        lines = [*_box(places[0], _inner_width(wide, places), 0, strokes), *_bridges(shown.bridges, wide, strokes)]
    else:
        lines = _network(shown, wide, strokes)
    return plain("\n".join(fit(line, wide, strokes.more).rstrip() for line in lines), ascii)


def _readable(shown: Picture, ascii: bool) -> Picture:
    """Return a picture with names as they will be printed, so that widths are those of the printed text."""

    def readable(place: Place) -> Place:
        return replace(place, city=plain_line(place.city, ascii))

    return Picture(
        places=tuple(readable(place) for place in shown.places),
        joints=tuple(replace(each, left=readable(each.left), right=readable(each.right)) for each in shown.joints),
        bridges=tuple(replace(bridge, connector=plain_line(bridge.connector, ascii)) for bridge in shown.bridges),
    )


def fit(text: str, width: int, more: str) -> str:
    """Return a line cut or filled to exactly `width` cells; `more` marks a cut."""
    if cell_len(text) > width:
        while text and cell_len(text) > width - 1:
            text = text[:-1]
        text += more
    return text + " " * (width - cell_len(text))


def _pair(shown: Picture, width: int, strokes: _Strokes) -> list[str]:
    """Return two boxes, side by side, with the arrows between them."""
    left, right = shown.places
    nothing = Way(received=0, expected=None, used=False, link=None)
    there, back = next(((each.forth, each.back) for each in shown.joints), (nothing, nothing))
    inner = _inner_width(width, shown.places)
    middle = width - 2 * (inner + 4) - 2
    arrows = [*_arrow(there, middle, strokes, forward=True), "", *_arrow(back, middle, strokes, forward=False)]
    height = max(len(_content(place)) for place in (left, right)) + 2
    height = max(height, len(arrows) + 2)
    boxes = [_box(place, inner, height, strokes) for place in (left, right)]
    above = (height - len(arrows)) // 2
    rows = [""] * above + arrows + [""] * (height - above - len(arrows))
    return [f"{a} {fit(row, middle, strokes.more)} {b}" for a, row, b in zip(boxes[0], rows, boxes[1], strict=True)]


def _inner_width(width: int, places: Iterable[Place]) -> int:
    """Return the width of a box's content, in cells: as much as needed, if there is room for the arrows."""
    needed = max(cell_len(line) for place in places for line in (f"{_title(place)} ", *_content(place)))
    middle = NARROW if width < 72 else ROOMY
    return max(14, min(needed, (width - middle - 2) // 2 - 4))


def _title(place: Place) -> str:
    return place.city or place.name


def _content(place: Place) -> list[str]:
    """Return the lines of a region's box."""
    lines = [place.aws_region if place.city not in ("", place.aws_region) else place.name]
    for broker in place.brokers:
        lines += ["", broker.name]
        if version := broker.activemq_version or broker.engine_version:
            lines.append(f"ActiveMQ {version}")
        if broker.pair:
            lines.append("active + standby")
    if place.within.used:
        lines += ["", f"within: {place.within.count()}"]
    return lines


def _box(place: Place, inner: int, height: int, strokes: _Strokes) -> list[str]:
    """Return one region's box; `inner` is the width of its content, `height` that of the whole box."""
    content = _content(place)
    content += [""] * (height - 2 - len(content))
    title = fit(_title(place), min(inner - 1, cell_len(_title(place))), strokes.more)
    rule = strokes.level * (inner - cell_len(title) - 1)
    top = f"{strokes.corners[0]}{strokes.level} {title} {rule}{strokes.corners[1]}"
    bottom = f"{strokes.corners[2]}{strokes.level * (inner + 2)}{strokes.corners[3]}"
    sides = [f"{strokes.upright} {fit(line, inner, strokes.more)} {strokes.upright}" for line in content]
    return [top, *sides, bottom]


def _arrow(way: Way, width: int, strokes: _Strokes, *, forward: bool) -> list[str]:
    """Return the three lines of an arrow: the count, the shaft and the delay."""
    shaft = strokes.level * (width - 1)
    return [
        _centred(way.count() if way.used else "no messages", width),
        f"{shaft}{strokes.right}" if forward else f"{strokes.left}{shaft}",
        _centred(_delay(way.link, width), width),
    ]


def _delay(link: LinkReport | None, width: int) -> str:
    """Return the configured and measured delay in words that fit the width."""
    if link is None:
        return ""
    configured = f"{link.configured_delay:.1f} ms configured"
    if link.measured_p50 is None:
        return configured
    long = f"{configured}, {link.measured_p50:.1f} measured"
    return long if len(long) <= width else f"{link.configured_delay:.1f} ms, measured {link.measured_p50:.1f}"


def _centred(text: str, width: int) -> str:
    return " " * ((width - cell_len(text)) // 2) + text


def _network(shown: Picture, width: int, strokes: _Strokes) -> list[str]:
    """Return the cities, a line for each two regions that are joined, and the bridges."""
    every = _rows(shown)
    rows, states = _table(every, width, strokes), _bridges(shown.bridges, width, strokes)
    if len(states) > max(TALLEST - len(rows) - 1 - MOST_CITIES, FOLDED):
        states = _folded(shown.bridges, width, strokes)
    rows = _foremost(every, width, TALLEST - 1 - MOST_CITIES - len(states), strokes)
    room = TALLEST - len(rows) - 1 - len(states)
    cities = _cities(shown, width, max(room, MOST_CITIES))
    return [*cities, "", *rows, *states] if rows else [*cities, *states]


def _cities(shown: Picture, width: int, most: int) -> list[str]:
    """Return which broker is in which city, in so many lines at most; of more regions, how many more there are."""
    lines: list[str] = []
    for number, place in enumerate(shown.places, 1):
        words = _whereabouts(place) + ("," if number < len(shown.places) else "")
        if lines and cell_len(f"{lines[-1]} {words}") <= width:
            lines[-1] += f" {words}"
        elif len(lines) == most - 1 and number < len(shown.places):
            return [*lines, f"and {len(shown.places) - number + 1} more regions"]
        else:
            lines.append(words)
    return lines


def _whereabouts(place: Place) -> str:
    """Return the names of a region's brokers, and its city."""
    names = ", ".join(broker.name for broker in place.brokers) if len(place.brokers) < 3 else place.name
    if len(place.brokers) > 2:
        names += f": {len(place.brokers)} brokers"
    return f"{names or place.name} ({place.city})" if place.city else names or place.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The link between two regions, or the messages within one."""

    label: str
    link: str = ""
    measured: str = ""
    ways: tuple[Way, ...]

    @property
    def missing(self) -> int:
        """How many messages did not arrive, as far as it is known."""
        return sum(max(0, way.expected - way.received) for way in self.ways if way.expected is not None)

    @property
    def received(self) -> int:
        """How many messages arrived."""
        return sum(way.received for way in self.ways)

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        there, *back = (way.count() if way.used else "" for way in self.ways)
        return self.label, self.link, self.measured, there, *back, *([] if back else [""])


def _rows(shown: Picture) -> list[_Row]:
    """Return a row for each two regions that are joined, and for each with messages of its own."""
    return [
        *(
            _Row(label=f"{e.left.label} – {e.right.label}", link=e.link, measured=e.measured, ways=(e.forth, e.back))
            for e in shown.joints
        ),
        *(_Row(label=f"within {each.label}", ways=(each.within,)) for each in shown.places if each.within.used),
    ]


def _foremost(rows: Sequence[_Row], width: int, room: int, strokes: _Strokes) -> list[str]:
    """Return rows as lines, so many at most; of more rows those that lack most messages, and the others' in sum."""
    lines, shown = _table(rows, width, strokes), len(rows)
    by_loss = sorted(range(len(rows)), key=lambda place: (-rows[place].missing, -rows[place].received, place))
    while len(lines) > room and shown > 1:
        shown -= 1
        left = [rows[place] for place in by_loss[shown:]]
        lines = [*_table([rows[place] for place in sorted(by_loss[:shown])], width, strokes), _rest(left)]
    return lines


def _rest(left: Sequence[_Row]) -> str:
    ways = [way for row in left for way in row.ways if way.used]
    counts = [way.expected for way in ways]
    words = f"and {len(left)} more"
    if not ways:
        return f"{words}, without messages"
    expected = None if None in counts else sum(number for number in counts if number is not None)
    whole = Way(received=sum(way.received for way in ways), expected=expected, used=True, link=None)
    return f"{words}, in sum {whole.count()} messages"


def _table(rows: Sequence[_Row], width: int, strokes: _Strokes) -> list[str]:
    """Return rows as lines, with a head where they are columns."""
    if not rows:
        return []
    cells = [row.cells() for row in rows]
    if width < SIDE_BY_SIDE:
        return [line for row in cells for line in _stacked(row, strokes)]
    head = ("between", "RTT configured", "measured", f"messages {strokes.one}", strokes.back)
    return _columns([head, *cells], width, strokes)


def _stacked(row: Sequence[str], strokes: _Strokes) -> list[str]:
    """Return a row as lines for a narrow terminal."""
    who, *rest = row
    titles = "configured" if rest[0][:1].isdigit() else "", "measured", strokes.one, strokes.back
    return [who, *(f"  {f'{title} {words}'.strip()}" for title, words in zip(titles, rest, strict=True) if words)]


def _columns(rows: Sequence[tuple[str, ...]], width: int, strokes: _Strokes) -> list[str]:
    """Return rows as lines of aligned columns, with a rule below the first; the first column is cut to fit."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    widths[0] -= max(0, sum(widths) + 2 * (len(widths) - 1) - width)
    lines = ["  ".join(fit(cell, wide, strokes.more) for cell, wide in zip(row, widths, strict=True)) for row in rows]
    return [lines[0], strokes.level * cell_len(lines[0]), *lines[1:]]


def _bridges(bridges: Sequence[Bridge], width: int, strokes: _Strokes) -> list[str]:
    """Return a line for each connector: the brokers of its bridge, and the ends at which it is up."""
    lines = []
    for bridge in bridges:
        sign = strokes.both if bridge.duplex else strokes.one
        who = f"{bridge.connector}: {bridge.broker} {sign} {bridge.remote}"
        whole = f"{who}, {bridge.state}"
        lines += [whole] if cell_len(whole) <= width else [who, f"  {bridge.state}"]
    return ["", *lines] if lines else []


def _folded(bridges: Sequence[Bridge], width: int, strokes: _Strokes) -> list[str]:
    """Return a line for all bridges that are up, and for the first that are not."""
    wanting = [bridge for bridge in bridges if not bridge.whole]
    shown = wanting if len(wanting) < FOLDED - 1 else wanting[: FOLDED - 2]
    lines = [f"{len(bridges) - len(wanting)} of {len(bridges)} bridges up", *_bridges(shown, width, strokes)[1:]]
    return ["", *lines, *([f"and {len(wanting) - len(shown)} more that are not"] if len(shown) < len(wanting) else [])]

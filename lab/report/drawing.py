"""Plain-text drawing of two regions as boxes with arrows between them; a table if there are more.

Widths are in terminal cells, so names in any script line up. Colour is left to the terminal's renderer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from lab.judge.values import LinkReport, RegionOutline, Report
from lab.printable import plain, plain_line
from lab.report.picture import bridges, way

WIDEST = 100  # cells; longer arrows tell no more
NARROW, ROOMY = 22, 28  # cells of the arrows: at least, and where there is room


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strokes:
    corners: str  # top left, top right, bottom left, bottom right
    level: str
    upright: str
    left: str
    right: str
    both: str
    one: str
    more: str


_FINE = _Strokes(corners="┌┐└┘", level="─", upright="│", left="◀", right="▶", both="⇄", one="→", more="…")
_ASCII = _Strokes(corners="++++", level="-", upright="|", left="<", right=">", both="<->", one="->", more=".")


def drawing(report: Report, width: int, ascii: bool = False) -> str:
    """Return the drawing of regions, messages and bridges; every line fits the width, which is at least 60 cells."""
    strokes = _ASCII if ascii else _FINE
    report = _readable(report, ascii)
    wide = min(width, WIDEST)
    if len(report.regions) == 2:
        lines = _pair(report, wide, strokes)
    elif len(report.regions) == 1:
        lines = _box(report, report.regions[0], _inner_width(report, wide, report.regions), 0, strokes)
    else:
        lines = _table(report, wide, strokes)
    lines += [fit(line, wide, strokes.more) for line in _bridges(report, wide, strokes)]
    return plain("\n".join(line.rstrip() for line in lines), ascii)


def _readable(report: Report, ascii: bool) -> Report:
    """Return the report with names as they will be printed, so that widths are those of the printed text."""
    return replace(
        report,
        regions=tuple(replace(region, city=plain_line(region.city, ascii)) for region in report.regions),
        bridges=tuple(replace(bridge, connector=plain_line(bridge.connector, ascii)) for bridge in report.bridges),
    )


def fit(text: str, width: int, more: str) -> str:
    """Return a line cut or filled to exactly `width` cells; `more` marks a cut."""
    if cell_len(text) > width:
        while text and cell_len(text) > width - 1:
            text = text[:-1]
        text += more
    return text + " " * (width - cell_len(text))


def _pair(report: Report, width: int, strokes: _Strokes) -> list[str]:
    """Return two boxes, side by side, with the arrows between them."""
    left, right = report.regions
    inner = _inner_width(report, width, report.regions)
    middle = width - 2 * (inner + 4) - 2
    arrows = [
        *_arrow(report, left, right, middle, strokes, there=True),
        "",
        *_arrow(report, right, left, middle, strokes, there=False),
    ]
    height = max(len(_content(report, region)) for region in (left, right)) + 2
    height = max(height, len(arrows) + 2)
    boxes = [_box(report, region, inner, height, strokes) for region in (left, right)]
    above = (height - len(arrows)) // 2
    rows = [""] * above + arrows + [""] * (height - above - len(arrows))
    return [f"{a} {fit(row, middle, strokes.more)} {b}" for a, row, b in zip(boxes[0], rows, boxes[1], strict=True)]


def _inner_width(report: Report, width: int, regions: Iterable[RegionOutline]) -> int:
    """Return the width of a box's content, in cells: as much as needed, if there is room for the arrows."""
    needed = max(cell_len(line) for region in regions for line in (f"{region.city} ", *_content(report, region)))
    middle = NARROW if width < 72 else ROOMY
    return max(14, min(needed, (width - middle - 2) // 2 - 4))


def _content(report: Report, region: RegionOutline) -> list[str]:
    """Return the lines of a region's box."""
    lines = [region.aws_region if region.city != region.aws_region else region.name]
    for broker in region.brokers:
        lines += ["", broker.name]
        if version := broker.activemq_version or broker.engine_version:
            lines.append(f"ActiveMQ {version}")
        if broker.pair:
            lines.append("active + standby")
    own = way(report, region, region)
    if own.used:
        lines += ["", f"within: {own.count()}"]
    return lines


def _box(report: Report, region: RegionOutline, inner: int, height: int, strokes: _Strokes) -> list[str]:
    """Return one region's box; `inner` is the width of its content, `height` that of the whole box."""
    content = _content(report, region)
    content += [""] * (height - 2 - len(content))
    title = fit(region.city, min(inner - 1, cell_len(region.city)), strokes.more)
    rule = strokes.level * (inner - cell_len(title) - 1)
    top = f"{strokes.corners[0]}{strokes.level} {title} {rule}{strokes.corners[1]}"
    bottom = f"{strokes.corners[2]}{strokes.level * (inner + 2)}{strokes.corners[3]}"
    sides = [f"{strokes.upright} {fit(line, inner, strokes.more)} {strokes.upright}" for line in content]
    return [top, *sides, bottom]


def _arrow(
    report: Report, source: RegionOutline, target: RegionOutline, width: int, strokes: _Strokes, *, there: bool
) -> list[str]:
    """Return the three lines of an arrow: the count, the shaft and the delay."""
    shaft = strokes.level * (width - 1)
    its = way(report, source, target)
    return [
        _centred(its.count() if its.used else "no messages", width),
        f"{shaft}{strokes.right}" if there else f"{strokes.left}{shaft}",
        _centred(_delay(its.link, width), width),
    ]


def _delay(link: LinkReport | None, width: int) -> str:
    """Return the configured and measured delay in words that fit the width."""
    if link is None:
        return ""
    asked = f"{link.configured_delay:.1f}"
    if link.measured_p50 is None:
        return f"{asked} ms asked"
    given = f"{link.measured_p50:.1f}"
    long = f"{asked} ms asked, {given} given"
    return long if len(long) <= width else f"{asked} ms, got {given}"


def _centred(text: str, width: int) -> str:
    return " " * ((width - cell_len(text)) // 2) + text


def _table(report: Report, width: int, strokes: _Strokes) -> list[str]:
    """Return a table of the ways between regions, which are too many for a drawing."""
    rows = [("from", "to", "delay asked", "given", "messages")]
    for source in report.regions:
        for target in report.regions:
            its = way(report, source, target)
            link, count = its.link, its.count() if its.used else ""
            if link is None and not its.used:
                continue
            asked = f"{link.configured_delay:.1f} ms" if link else ""
            given = f"{link.measured_p50:.1f} ms" if link and link.measured_p50 is not None else ""
            rows.append((source.city, target.city, asked, given, count))
    return _columns(rows, width, strokes) if len(rows) > 1 else []


def _columns(rows: Sequence[tuple[str, ...]], width: int, strokes: _Strokes) -> list[str]:
    """Return rows as lines of aligned columns, with a rule below the first."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    for column in (0, 1):  # names are cut, figures are not
        widths[column] -= max(0, -(-over // 2))
    lines = ["  ".join(fit(cell, wide, strokes.more) for cell, wide in zip(row, widths, strict=True)) for row in rows]
    return [lines[0], strokes.level * cell_len(lines[0]), *lines[1:]]


def _bridges(report: Report, width: int, strokes: _Strokes) -> list[str]:
    """Return a line for each connector: the brokers of its bridge, and the ends at which it is up."""
    lines = []
    for bridge in bridges(report):
        state = bridge.state
        sign = strokes.both if bridge.duplex else strokes.one
        who = f"{bridge.connector}: {bridge.broker} {sign} {bridge.remote}"
        lines += [f"{who}, {state}"] if cell_len(f"{who}, {state}") <= width else [who, f"  {state}"]
    return ["", *lines] if lines else []

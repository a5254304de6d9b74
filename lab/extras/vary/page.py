"""A variation → one HTML page with its pictures and its table, which needs no network, no other file and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from markupsafe import Markup

from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.base.version import __version__
from lab.extras.vary.picture import draw
from lab.extras.vary.row import ERROR
from lab.extras.vary.table import ENDS, Point, Variation, points, short, short_names, shown
from lab.report.html import environment, style

MOST_ROWS = 500
_MEANINGS = {
    "passed": "every expectation passed",
    "failed": "an expectation failed",
    "unknown": "something expected could not be decided",
    ERROR: "the run ended with an error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One combination of values in the table."""

    set: Mapping[str, str]
    text: str
    outcome: str
    cells: tuple[str, ...]
    why: str


def to_html(variation: Variation) -> str:
    """Return the text of the page; equal variations have equal texts."""
    found, fates = points(variation.rows), shown(variation.rows)
    return (
        environment("lab.extras.vary")
        .get_template("page.html")
        .render(
            of=variation,
            drawn=draw(variation),
            headline=headline(variation),
            points=[_line(point, fates) for point in found[:MOST_ROWS]],
            fates=[fate.replace("_", " ") for fate in fates],
            left_out=max(len(found) - MOST_ROWS, 0),
            meanings=_MEANINGS,
            names=short_names(variation.grid.varied),
            version=__version__,
            style=style(),
            own=Markup(files("lab.extras.vary").joinpath("templates", "page.css").read_text(encoding="utf-8")),
        )
    )


def headline(variation: Variation) -> str:
    """Return in one sentence how many runs there were, and how they ended."""
    ends = [row.outcome for row in variation.rows]
    counted = [f"{ends.count(each)} {each}" for each in ENDS if each in ends]
    left = [f"{variation.left} not run"] if variation.left else []
    return f"{several(variation.grid.count, 'run')}: {', '.join([*counted, *left])}"


def _line(point: Point, fates: Sequence[str]) -> _Line:
    expected, delivered = point.middle("expected"), point.middle("delivered")
    some = "–" if expected is None or delivered is None else f"{short(delivered)} of {short(expected)}"
    whys = [
        row.why or next((each.reason for each in row.verdicts if each.outcome != "passed"), "") for row in point.rows
    ]
    return _Line(
        set=point.set,
        text=point.words,
        outcome=point.outcome,
        cells=(some, *(short(point.middle(name)) for name in (*fates, "p50_ms", "p99_ms", "per_s", "took_s"))),
        why=next((why for why in whys if why), ""),
    )

"""The picture of a variation, without any HTML: lines over one key, a heat map over two, again for more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import log10

from lab.base.dataclass import dataclass
from lab.extras.vary.axes import Tick, Upward, axis_of, numbers
from lab.extras.vary.table import ENDS, Point, Variation, points, short, short_names
from lab.judge.not_delivered import FATES

FIGURES = (  # a column of the CSV, what it is, its unit
    ("p99_ms", "latency, p99", "ms"),
    ("per_s", "throughput", "messages a second, from the first send to the last delivery"),
    ("lost", "lost", "messages"),
    ("waiting", "waiting at a broker", "messages"),
    ("dead_letters", "dead letters", "messages"),
    ("discarded", "discarded for a slow bridge", "messages"),
    ("expired", "expired", "messages"),
    ("unknown", "not arrived, place unknown", "messages"),
    ("duplicates", "duplicates", "deliveries after the first of a message"),
)
_IF_ANY = (*FATES, "duplicates")
MOST_GROUPS, MOST_ROWS, MOST_COLUMNS, MOST_POINTS = 12, 60, 40, 2000
_DEEPEST = 60  # percent of colour in a cell, so that its number can be read
_WIDE = 50  # times that the largest figure is the smallest, from which on colours are logarithmic


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """The median of one value's runs; places are in percent."""

    x: float
    y: float
    outcome: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A figure over the values of one key."""

    title: str
    unit: str
    key: str
    across: tuple[Tick, ...]
    upward: tuple[Tick, ...]
    notes: tuple[str, ...]
    line: str  # a path through the medians; "" where the values are no numbers
    band: str  # a path around the least and the largest of all seeds; "" for one seed
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of two keys' values."""

    text: str
    depth: float  # of its colour, in percent
    outcome: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """A figure over the values of two keys."""

    title: str
    unit: str
    across: str
    down: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    low: str
    high: str
    deepest: float
    logarithmic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The pictures of one combination of all further keys' values."""

    text: str
    lines: tuple[Lines, ...]
    maps: tuple[HeatMap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All pictures, and the reasons for missing pictures."""

    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    seeds: int
    kinds: tuple[str, ...]  # the outcomes that there are


def draw(variation: Variation) -> Drawn:
    """Return the pictures of a variation: over the first two keys that have several values."""
    found = points(variation.rows)
    varied = variation.grid.varied
    notes: list[str] = []
    groups: list[Group] = []
    figures = tuple(each for each in FIGURES if _worth(each[0], found))
    if not varied:
        notes.append("There is only one combination of values, so there is nothing to compare in a picture.")
    elif not figures:
        notes.append("No run has a figure to draw: no message was expected, or all runs ended with an error.")
    else:
        axes, others = varied[:2], varied[2:]
        choices = [*product(*(variation.grid.values[key] for key in others))]
        for choice in choices[:MOST_GROUPS]:
            fixed = dict(zip(others, choice, strict=True))
            its = [point for point in found if all(point.set[key] == value for key, value in fixed.items())]
            groups.append(_group(variation, axes, fixed, its, figures, notes))
        if len(choices) > MOST_GROUPS:
            notes.append(f"The picture shows {MOST_GROUPS} of {len(choices)} combinations of {', '.join(others)}.")
    ends = {point.outcome for point in found}
    kinds = tuple(each for each in ENDS if each in ends)
    return Drawn(groups=tuple(groups), notes=tuple(dict.fromkeys(notes)), seeds=len(variation.grid.seeds), kinds=kinds)


def _worth(name: str, points: Sequence[Point]) -> bool:
    """Return whether a figure is known of any point, and is not 0 throughout where that is the rule."""
    seen = [value for point in points if (value := point.middle(name)) is not None]
    return any(seen) if name in _IF_ANY else bool(seen)


def _group(
    variation: Variation,
    axes: Sequence[str],
    fixed: Mapping[str, str],
    points: Sequence[Point],
    figures: Sequence[tuple[str, str, str]],
    notes: list[str],
) -> Group:
    words = ", ".join(f"{key}={value}" for key, value in fixed.items())
    names = short_names(variation.grid.varied)
    values = [variation.grid.values[key] for key in axes]
    if len(axes) == 1:
        if len(values[0]) > MOST_POINTS:
            notes.append(f"{axes[0]} has {len(values[0])} values, too many to draw.")
            return Group(text=words, lines=(), maps=())
        drawn = tuple(
            _lines(axes[0], names[axes[0]], values[0], points, *figure)
            for figure in figures
            if _worth(figure[0], points)
        )
        return Group(text=words, lines=drawn, maps=())
    if len(values[0]) > MOST_COLUMNS or len(values[1]) > MOST_ROWS:
        notes.append(f"{' and '.join(axes)} have too many values to draw: at most {MOST_COLUMNS} and {MOST_ROWS}.")
        return Group(text=words, lines=(), maps=())
    maps = tuple(
        _map(axes, [names[key] for key in axes], values, points, *figure)
        for figure in figures
        if _worth(figure[0], points)
    )
    return Group(text=words, lines=(), maps=maps)


def _lines(
    key: str, called: str, values: Sequence[str], points: Sequence[Point], name: str, title: str, unit: str
) -> Lines:
    axis = axis_of(values)
    by_value = {point.set[key]: point for point in points}
    seen = [
        (place, by_value[value], figures)
        for place, value in sorted(zip(axis.places, values, strict=True))
        if value in by_value and (figures := by_value[value].figures(name))
    ]
    upward = Upward.of([each for _, _, figures in seen for each in figures])
    dots = tuple(
        Dot(
            x=round(place, 2),
            y=upward.place(point.middle(name) or 0.0),
            outcome=point.outcome,
            text=f"{called}={point.set[key]}: {title} {short(point.middle(name))}, {point.words}",
        )
        for place, point, _ in seen
    )
    several = axis.numeric and any(len(figures) > 1 for _, _, figures in seen)
    around = [(place, upward.place(figures[-1])) for place, _, figures in seen]
    around += [(place, upward.place(figures[0])) for place, _, figures in reversed(seen)]
    return Lines(
        title=title,
        unit=unit,
        key=called,
        across=axis.ticks,
        upward=upward.ticks,
        notes=tuple(_logarithmic(axis.logarithmic, upward.logarithmic)),
        line=_path([(dot.x, dot.y) for dot in dots]) if axis.numeric else "",
        band=f"{_path(around)}Z" if several else "",
        dots=dots,
    )


def _logarithmic(across: bool, upward: bool) -> Iterator[str]:
    if across and upward:
        yield "both scales are logarithmic"
    elif across or upward:
        yield f"the {'horizontal' if across else 'vertical'} scale is logarithmic"


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def _map(
    axes: Sequence[str],
    names: Sequence[str],
    values: Sequence[Sequence[str]],
    points: Sequence[Point],
    name: str,
    title: str,
    unit: str,
) -> HeatMap:
    across, down = names
    columns, rows = (_in_order(each) for each in values)
    by_values = {tuple(point.set[key] for key in axes): point for point in points}
    seen = [value for point in points if (value := point.middle(name)) is not None]
    low, high = min(seen), max(seen)
    logarithmic = low > 0 and high >= _WIDE * low

    def cell(column: str, row: str) -> Cell:
        point = by_values.get((column, row))
        if point is None:
            return Cell(text="", depth=0.0, outcome="left", title=f"{across}={column}, {down}={row}: not run")
        value = point.middle(name)
        words = f"{across}={column}, {down}={row}: {title} {short(value)}, {point.words}"
        depth = 0.0 if value is None else _DEEPEST * _part(value, low, high, logarithmic)
        return Cell(text=short(value), depth=round(depth, 1), outcome=point.outcome, title=words)

    return HeatMap(
        title=title,
        unit=unit,
        across=across,
        down=down,
        columns=tuple(columns),
        rows=tuple((row, tuple(cell(column, row) for column in columns)) for row in rows),
        low=short(low),
        high=short(high),
        deepest=_DEEPEST,
        logarithmic=logarithmic,
    )


def _in_order(values: Sequence[str]) -> Sequence[str]:
    """Return values in the order of their numbers, or as they were given where they are none."""
    found = numbers(values)
    return values if found is None else [value for _, value in sorted(zip(found, values, strict=True))]


def _part(figure: float, low: float, high: float, logarithmic: bool) -> float:
    """Return where a value is between the lowest and the highest, from 0 to 1."""
    if high == low:
        return 0.0
    if logarithmic:
        return log10(figure / low) / log10(high / low)
    return (figure - low) / (high - low)

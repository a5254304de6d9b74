"""The distribution of one direction's latencies, as bars, with the link's delay and the percentiles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import ceil, log10

from lab.base.dataclass import dataclass
from lab.judge.percentiles import Percentiles
from lab.judge.wording import milliseconds
from lab.report.html.lanes import HIGH, WIDE, Way

BINS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A labelled value on a scale; `x` is in its units."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The latencies of one direction."""

    source: str
    target: str
    count: int
    figures: tuple[tuple[str, str], ...]
    bars: str
    tallest: int
    ticks: tuple[Mark, ...]
    delay: Mark | None  # the link's configured delay, one way
    p50: Mark
    p99: Mark
    logarithmic: bool


def distribution(way: Way, delay: float | None) -> Distribution | None:
    """Return the distribution of a way's latencies; None if there are none. `delay` is in milliseconds."""
    ordered = sorted(took * 1000 for part in way.parts for took in part.tally.timed()[1])
    figures = Percentiles.of(ordered)
    if figures is None:
        return None
    least = min(ordered[0], delay) if delay else ordered[0]
    logarithmic = figures.max > 12 * max(least, 0.001)
    edges = _edges(max(least, 0.001), max(figures.max, 0.001, delay or 0.0), logarithmic)
    places = [bisect_right(ordered, edge) for edge in edges]
    counts = [after - before for before, after in pairwise(places)]
    counts[-1] += len(ordered) - places[-1]
    counts[0] += places[0]

    def at(latency: float) -> float:
        return _place(latency, edges, logarithmic)

    return Distribution(
        source=way.source,
        target=way.target,
        count=len(ordered),
        figures=(
            ("fastest", milliseconds(ordered[0])),
            ("p50", milliseconds(figures.p50)),
            ("p95", milliseconds(figures.p95)),
            ("p99", milliseconds(figures.p99)),
            ("slowest", milliseconds(figures.max)),
        ),
        bars=_bars(counts),
        tallest=max(counts),
        ticks=tuple(Mark(x=at(value), label=milliseconds_short(value)) for value in _ticks(edges, logarithmic)),
        delay=Mark(x=at(delay), label=f"link {milliseconds(delay)}") if delay else None,
        p50=Mark(x=at(figures.p50), label=f"p50 {milliseconds(figures.p50)}"),
        p99=Mark(x=at(figures.p99), label=f"p99 {milliseconds(figures.p99)}"),
        logarithmic=logarithmic,
    )


def milliseconds_short(latency: float) -> str:
    """Return a round number of milliseconds in words."""
    return f"{latency:g} ms" if latency < 1000 else f"{latency / 1000:g} s"


def _edges(least: float, most: float, logarithmic: bool) -> list[float]:
    """Return the edges of the bars, in milliseconds."""
    if logarithmic:
        low, high = log10(least) - 0.02, log10(most) + 0.02
        return [10 ** (low + (high - low) * place / BINS) for place in range(BINS + 1)]
    return [most * 1.04 * place / BINS for place in range(BINS + 1)]


def _place(latency: float, edges: Sequence[float], logarithmic: bool) -> float:
    """Return the place of a value on the scale, in units of the drawing."""
    low, high, at = edges[0], edges[-1], latency
    if logarithmic:
        low, high, at = log10(low), log10(high), log10(max(latency, low, 1e-9))
    return round(min(max((at - low) / (high - low), 0.0), 1.0) * WIDE, 1)


def _ticks(edges: Sequence[float], logarithmic: bool) -> list[float]:
    """Return round values for the scale, in milliseconds."""
    low, high = edges[0], edges[-1]
    if logarithmic:
        powers = range(int(log10(low)) - 1, int(log10(high)) + 2)
        each = (1, 2, 5) if log10(high / low) < 2.5 else (1,)
        found = [factor * 10.0**power for power in powers for factor in each]
        return [value for value in found if low <= value <= high]
    step = round_step(high, 5)
    return [step * place for place in range(int(high / step) + 1)]


def round_step(span: float, about: int) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that fits into `span` about `about` times."""
    rough = span / about
    power = 10.0 ** int(ceil(log10(rough)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def _bars(counts: Sequence[int]) -> str:
    """Return the bars as one path."""
    tallest, step = max(counts), WIDE / BINS
    return "".join(
        f"M{place * step:.2f} {HIGH}v{-max(2.0, count / tallest * HIGH):.1f}h{step:.2f}V{HIGH}z"
        for place, count in enumerate(counts)
        if count
    )

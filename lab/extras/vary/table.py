"""The rows of a grid as a table: CSV, JSON, and lines for a terminal, with one column for each figure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from lab.base.columns import columns
from lab.base.dataclass import dataclass
from lab.base.version import __version__
from lab.extras.vary.combinations import Grid
from lab.extras.vary.row import ERROR, Flow, Row
from lab.judge.not_delivered import FATES
from lab.judge.percentiles import Percentiles
from lab.judge.values import Verdict

VERSION = 2  # of the JSON
ENDS = ("passed", "failed", "unknown", ERROR)  # the outcomes of runs
_WORST_FIRST = (ERROR, "failed", "unknown", "passed")
_PERCENTILES = ("p50", "p99", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """The runs of a scenario, in the order of their combinations; some may be missing."""

    scenario: str
    grid: Grid
    rows: tuple[Row, ...]

    @property
    def left(self) -> int:
        """Return the number of combinations that were not run."""
        return self.grid.count - len(self.rows)

    @property
    def passed(self) -> bool:
        """Return whether every combination was run and passed."""
        return not self.left and all(row.outcome == "passed" for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The runs of one combination of values, at all of its seeds."""

    set: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def words(self) -> str:
        """Return how its runs ended: `failed`, or where they differ `failed 3 of 5`."""
        count = sum(row.outcome == self.outcome for row in self.rows)
        return self.outcome if count == len(self.rows) else f"{self.outcome} {count} of {len(self.rows)}"

    @property
    def outcome(self) -> str:
        """Return the worst end of its runs."""
        ends = {row.outcome for row in self.rows}
        return next(each for each in _WORST_FIRST if each in ends)

    def figures(self, name: str) -> list[float]:
        """Return a figure of each run that has it, in ascending order."""
        return sorted(found for row in self.rows if (found := figure(row, name)) is not None)

    def middle(self, name: str) -> float | None:
        """Return the median of a figure over the seeds; None if no run has it."""
        found = self.figures(name)
        return median(found) if found else None


def figure(row: Row, name: str) -> float | None:
    """Return a figure of a row: a name of a column of the CSV."""
    if name in ("p50_ms", "p99_ms", "max_ms"):
        return getattr(row.latency, name.removesuffix("_ms")) if row.latency else None
    its = {"took_s": "took", "per_s": "rate", "lasted_s": "lasted", "cpu_s": "cpu"}.get(name, name)
    found: float | None = getattr(row, its)
    return found


def points(rows: Sequence[Row]) -> tuple[Point, ...]:
    """Return the rows by their combination of values, in the order of the first of each."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.combination.set.values()), []).append(row)
    return tuple(Point(set=its[0].combination.set, rows=tuple(its)) for its in found.values())


def to_csv(variation: Variation) -> str:
    """Return one line for each run; a missing figure is empty."""
    flows = _flows(variation.rows)
    expectations = max((len(row.verdicts) for row in variation.rows), default=0)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            *variation.grid.values,
            *("seed", "outcome", *(f"verdict.{number}" for number in range(1, expectations + 1))),
            *("expected", "delivered", *FATES, "duplicates", "p50_ms", "p99_ms", "max_ms"),
            *(f"{label} {name}" for label in flows for name in (*FATES, *(f"{each}_ms" for each in _PERCENTILES))),
            *("took_s", "per_s", "lasted_s", "cpu_s", "why"),
        ]
    )
    for row in variation.rows:
        its = {_key(flow): flow for flow in row.flows}
        verdicts = [str(each.outcome) for each in row.verdicts]
        writer.writerow(
            [
                *row.combination.set.values(),
                *("" if row.seed is None else row.seed, row.outcome, *verdicts, *[""] * (expectations - len(verdicts))),
                *(_cell(getattr(row, name)) for name in ("expected", "delivered", *FATES, "duplicates")),
                *_percentiles(row.latency),
                *(cell for key in flows.values() for cell in _flow_cells(its.get(key))),
                *(_cell(each) for each in (row.took, row.rate, row.lasted, row.cpu)),
                row.why,
            ]
        )
    return out.getvalue()


def to_json(variation: Variation) -> str:
    """Return the whole variation, with the reason of each verdict."""
    return json.dumps(document(variation), indent=1, ensure_ascii=False) + "\n"


def document(variation: Variation) -> dict[str, Any]:
    """Return the JSON's content."""
    return {
        "version": VERSION,
        "mqlab": __version__,
        "runtime": "simulation",
        "scenario": variation.scenario,
        "values": {key: list(values) for key, values in variation.grid.values.items()},
        "seeds": [seed for seed in variation.grid.seeds if seed is not None],
        "runs_asked": variation.grid.count,
        "runs": [_run(row) for row in variation.rows],
    }


def _run(row: Row) -> dict[str, Any]:
    return {
        "set": dict(row.combination.set),
        "seed": row.seed,
        "outcome": row.outcome,
        "why": row.why,
        "verdicts": [_verdict(each) for each in row.verdicts],
        **{name: getattr(row, name) for name in ("expected", "delivered", *FATES, "duplicates")},
        "latency_ms": _rounded(row.latency),
        "flows": [{**asdict(flow), "latency": _rounded(flow.latency)} for flow in row.flows],
        **{
            name: _round(value)
            for name, value in (
                ("took_s", row.took),
                ("per_s", row.rate),
                ("lasted_s", row.lasted),
                ("cpu_s", row.cpu),
            )
        },
    }


def _verdict(verdict: Verdict) -> dict[str, str]:
    basis = {} if verdict.basis is None else {"basis": str(verdict.basis)}
    its = {"expectation": verdict.expectation, "outcome": str(verdict.outcome), "reason": verdict.reason}
    return its | basis


def lines(variation: Variation, most: int = 60) -> Iterator[str]:
    """Yield a line for each combination of values, at most so many: medians over its seeds."""
    varied, its = variation.grid.varied, shown(variation.rows)
    titles = (name.replace("_", " ") for name in its)
    head = [*short_names(varied).values(), "verdict", "delivered", *titles, "p50 ms", "p99 ms", "per s", "took s"]
    found = points(variation.rows)
    table = [head, *(_line(point, varied, its) for point in found[:most])]
    yield from columns(table, right=len(varied) + 1)  # figures, behind columns of words
    if len(found) > most:
        yield f"and {len(found) - most} more: --csv has all"


def shown(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the fates of messages not delivered that a table has: lost, and each that there are any of."""
    return tuple(fate for fate in FATES if fate == "lost" or any(getattr(row, fate) for row in rows))


def _line(point: Point, varied: Sequence[str], fates: Sequence[str]) -> list[str]:
    expected, delivered = point.middle("expected"), point.middle("delivered")
    return [
        *(point.set[key] for key in varied),
        point.words,
        "–" if expected is None or delivered is None else f"{delivered:g} of {expected:g}",
        *(short(point.middle(name)) for name in (*fates, "p50_ms", "p99_ms", "per_s", "took_s")),
    ]


def short_names(keys: Sequence[str]) -> Mapping[str, str]:
    """Return each key's last words, as few as distinguish it from the others.

    >>> short_names(["links.a-b.delay", "steps.2.count", "steps.3.count"])
    {'links.a-b.delay': 'delay', 'steps.2.count': '2.count', 'steps.3.count': '3.count'}
    """
    found: dict[str, str] = {}
    for key in keys:
        words = key.split(".")
        ends = (".".join(words[-count:]) for count in range(1, len(words) + 1))
        found[key] = next(
            (end for end in ends if not any(other != key and f".{other}".endswith(f".{end}") for other in keys)), key
        )
    return found


def short(figure: float | None) -> str:
    """Return a figure for people: three digits or more, and a dash for none."""
    if figure is None:
        return "–"
    if figure == int(figure):
        return f"{int(figure)}"
    return f"{figure:.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"


def _key(flow: Flow) -> tuple[str, str]:
    return flow.subscriber, flow.destination


def _flows(rows: Sequence[Row]) -> Mapping[str, tuple[str, str]]:
    """Return label → flow, in the order of their first row; none if there is one alone, as the totals are its."""
    found = dict.fromkeys(_key(flow) for row in rows for flow in row.flows)
    if len(found) < 2:
        return {}
    names = [subscriber for subscriber, _ in found]
    return {(key[0] if names.count(key[0]) == 1 else f"{key[0]} {key[1]}"): key for key in found}


def _flow_cells(flow: Flow | None) -> list[str]:
    if flow is None:
        return [""] * (len(FATES) + len(_PERCENTILES))
    return [*(f"{getattr(flow, fate)}" for fate in FATES), *_percentiles(flow.latency)]


def _percentiles(figures: Percentiles | None) -> list[str]:
    return [_cell(getattr(figures, name, None)) for name in _PERCENTILES]


def _rounded(figures: Percentiles | None) -> dict[str, float] | None:
    return (
        None if figures is None else {name: round(getattr(figures, name), 3) for name in ("p50", "p95", "p99", "max")}
    )


def _round(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def _cell(figure: float | None) -> str:
    return "" if figure is None else f"{round(figure, 4)}"

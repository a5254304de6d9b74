"""The runs of one scenario at many seeds, counted: how many passed, and the outcomes of each expectation by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lab.base.columns import columns
from lab.extras.vary.row import ERROR, Row
from lab.extras.vary.table import ENDS, Variation

VERDICTS = tuple(each for each in ENDS if each != ERROR)


def lines(variation: Variation) -> Iterator[str]:
    """Yield how many seeds passed, a line for each expectation, and one for each error that ended runs."""
    passed, ran = _seeds(variation.rows, "passed"), len(variation.rows)
    yield f"{variation.scenario}: {len(passed)} of {ran} seeds passed, simulated"
    table = [
        [*_counts(_verdicts(variation.rows, number)), text] for number, text in enumerate(expectations(variation.rows))
    ]
    yield from columns(table)
    reasons: dict[str, list[Row]] = {}
    for row in variation.rows:
        if row.error:
            reasons.setdefault(row.why, []).append(row)
    for why, its in reasons.items():
        yield f"{_count('error', [row.combination.seed for row in its])}: {why}"


def document(variation: Variation) -> dict[str, Any]:
    """Return the same as JSON-able values, with each run's outcome and the reasons of its verdicts."""
    return {
        "scenario": variation.scenario,
        "runtime": "simulation",
        "seeds": [row.combination.seed for row in variation.rows],
        **{end: len(_seeds(variation.rows, end)) for end in ENDS},
        "expectations": [
            {
                "expectation": text,
                **{
                    end: {"count": len(seeds), "first_seed": seeds[0] if seeds else None}
                    for end, seeds in _verdicts(variation.rows, number).items()
                },
            }
            for number, text in enumerate(expectations(variation.rows))
        ],
        "runs": [
            {
                "seed": row.combination.seed,
                "outcome": row.outcome,
                "verdicts": [{"outcome": str(each.outcome), "reason": each.reason} for each in row.verdicts],
                **({"error": row.why} if row.error else {}),
            }
            for row in variation.rows
        ],
    }


def expectations(rows: Sequence[Row]) -> Sequence[str]:
    """Return the expectations, which are the same at each seed."""
    return next(([each.expectation for each in row.verdicts] for row in rows if row.verdicts), [])


def _seeds(rows: Sequence[Row], outcome: str) -> list[int | None]:
    return [row.combination.seed for row in rows if row.outcome == outcome]


def _verdicts(rows: Sequence[Row], number: int) -> dict[str, list[int | None]]:
    """Return the seeds at which an expectation came to each verdict."""
    judged = [row for row in rows if row.verdicts]
    return {end: [row.combination.seed for row in judged if row.verdicts[number].outcome == end] for end in VERDICTS}


def _counts(numbers: dict[str, list[int | None]]) -> list[str]:
    return [_count(end, seeds) for end, seeds in numbers.items()]


def _count(word: str, seeds: Sequence[int | None]) -> str:
    return f"{word} {len(seeds)}" + (f" (first: {seeds[0]})" if seeds else "")

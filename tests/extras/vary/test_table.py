"""The table: one line for each run as CSV and JSON, one for each combination of values on a terminal."""

from __future__ import annotations

import csv
import doctest
import io
import json
from dataclasses import replace

from lab.extras.vary import table
from lab.extras.vary.combinations import Grid
from lab.extras.vary.row import error_row
from lab.extras.vary.table import Variation, lines, points, to_csv, to_json
from tests.extras.vary.working import row, variation

GRID = Grid(values={"links.a-b.delay": ("5ms", "70ms"), "n": ("1",)}, seeds=(1, 2))


def read(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text))]


def test_the_examples_are_true() -> None:
    assert doctest.testmod(table).failed == 0


def test_a_line_of_csv_has_keys_seed_verdicts_and_figures() -> None:
    found = read(to_csv(variation(GRID)))
    assert len(found) == 4
    assert found[3] == {
        "links.a-b.delay": "70ms",
        "n": "1",
        "seed": "2",
        "outcome": "passed",
        "verdict.1": "passed",
        "expected": "10",
        "delivered": "10",
        **dict.fromkeys(("waiting", "dead_letters", "discarded", "expired", "lost", "unknown"), "0"),
        "duplicates": "0",
        "p50_ms": "20.0",
        "p99_ms": "40.0",
        "max_ms": "41.0",
        "took_s": "2.0",
        "per_s": "5.0",
        "lasted_s": "12.0",
        "cpu_s": "0.25",
        "why": "",
    }


def test_several_flows_have_columns_of_their_own() -> None:
    first = row(GRID.combination(0))
    other = replace(first.flows[0], subscriber="tk", lost=3, latency=None)
    again = replace(other, destination="topic://b", lost=4)
    of = Variation(
        scenario="s", grid=GRID, rows=(replace(first, flows=(*first.flows, other)), replace(first, flows=(again,)))
    )
    one, two = read(to_csv(of))
    assert (one["sg lost"], one["sg p99_ms"], one["tk queue://a lost"], one["tk queue://a p99_ms"]) == (
        "0",
        "40.0",
        "3",
        "",
    )
    assert (two["sg lost"], two["tk topic://b lost"]) == ("", "4")


def test_a_failed_run_has_no_figures_but_why() -> None:
    rows = (error_row(GRID.combination(0), 'died: "so"\nand so', 3), row(GRID.combination(1), "failed"))
    of = Variation(scenario="s", grid=GRID, rows=rows)
    found = read(to_csv(of))
    assert (found[0]["outcome"], found[0]["lost"], found[0]["p99_ms"], found[0]["why"]) == (
        "error",
        "",
        "",
        'died: "so"\nand so',
    )
    assert found[1]["verdict.1"] == "failed"
    assert (of.left, of.passed) == (2, False)
    (its,) = points(rows)
    assert its.words == "error 1 of 2"
    assert its.middle("lost") == 0


def test_json_has_the_reasons_and_what_was_asked() -> None:
    found = json.loads(to_json(variation(GRID)))
    assert found["values"] == {"links.a-b.delay": ["5ms", "70ms"], "n": ["1"]}
    assert (found["seeds"], found["runs_asked"], len(found["runs"])) == ([1, 2], 4, 4)
    last = found["runs"][-1]
    assert last["set"] == {"links.a-b.delay": "70ms", "n": "1"}
    assert last["verdicts"] == [{"expectation": "delivered: {}", "outcome": "passed", "reason": "10 of 10"}]
    assert last["latency_ms"] == {"p50": 20.0, "p95": 40.0, "p99": 40.0, "max": 41.0}
    assert (last["took_s"], last["per_s"], last["flows"][0]["subscriber"]) == (2.0, 5.0, "sg")


def test_lines_have_medians_over_the_seeds() -> None:
    grid = Grid(values={"links.a-b.delay": ("5ms", "70ms")}, seeds=(1, 2, 3))
    of = variation(grid)
    odd = replace(of, rows=(*of.rows[:5], replace(of.rows[5], outcome="failed")))
    assert [*lines(odd)] == [
        "delay  verdict        delivered  lost  p50 ms  p99 ms  per s  took s",
        "5ms    passed          10 of 10     0      10      20      5       2",
        "70ms   failed 1 of 3   10 of 10     0      25      50      5       2",
    ]
    assert [*lines(odd, most=1)][-1] == "and 1 more: --csv has all"

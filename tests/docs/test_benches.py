"""What is measured, what its page says, what is asked of it and the results that are kept are of the same benches."""

from __future__ import annotations

import json
import re

import pytest

from bench.__main__ import BENCHES, RESULTS
from bench.goals import figures

from .pages import ROOT, rows, sections

PAGE = ROOT / "docs" / "benches.md"
OF_OTHERS = {"scenarios", "predictions", "contract"}  # bench.scenarios, bench.predict, bench.contract


def test_the_page_has_a_row_of_each_bench_and_the_command_names_it() -> None:
    (top,) = (text for head, text in sections(PAGE).items() if head == "The benches")
    assert {row[0] for row in rows(top)} == set(BENCHES)
    command = re.search(r"python -m bench \[([a-z|]+) ", top)
    assert command is not None and command[1].split("|") == list(BENCHES)


@pytest.mark.parametrize("bench", BENCHES)
def test_each_kept_result_is_of_a_machine_and_has_the_figures_that_are_asked(bench: str) -> None:
    kept = json.loads((RESULTS / f"{bench}.json").read_text())
    found = figures(bench, kept)
    assert kept["machine"]["cores"] and any(each.goal for each in found)
    assert not any(each.left_out for each in found), "a result that is kept was measured"


def test_no_result_is_kept_of_what_nobody_measures() -> None:
    assert {path.stem for path in RESULTS.iterdir()} - OF_OTHERS == set(BENCHES)

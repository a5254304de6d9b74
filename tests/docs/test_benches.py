"""What is measured, what its page says, what is asked of it and the results that are kept are of the same benches."""

from __future__ import annotations

import json
import re

import pytest

from bench.__main__ import BENCHES, RESULTS
from bench.goals import figures

from .pages import ROOT, rows, sections

PAGE = ROOT / "bench" / "README.md"
KEPT = sorted(path.name for path in RESULTS.iterdir())


def test_the_page_has_a_row_of_each_bench_and_the_command_names_it() -> None:
    (top,) = (text for head, text in sections(PAGE).items() if head == "The benches")
    assert {row[0] for row in rows(top)} == set(BENCHES)
    command = re.search(r"python -m bench \[([a-z|]+) ", top)
    assert command is not None and command[1].split("|") == list(BENCHES)


@pytest.mark.parametrize("bench", [each for each in BENCHES if f"{each}.json" in KEPT])
def test_each_kept_result_is_of_a_machine_and_has_the_figures_that_are_asked(bench: str) -> None:
    kept = json.loads((RESULTS / f"{bench}.json").read_text())
    found = figures(bench, kept)
    assert kept["machine"]["cores"] and any(each.goal for each in found)
    assert not any(each.left_out for each in found), "a result that is kept was measured"


@pytest.mark.parametrize("kept", [each for each in KEPT if each.removesuffix(".json") not in BENCHES])
def test_what_is_kept_beside_them_is_of_a_command_of_its_own_which_says_so(kept: str) -> None:
    said = [path.name for path in (ROOT / "bench").rglob("*.py") if f"bench/results/{kept}" in path.read_text()]
    assert said, f"nothing in bench/ writes {kept}"

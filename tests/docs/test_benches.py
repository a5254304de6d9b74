"""What is measured and what its page says are of the same benches."""

from __future__ import annotations

import re

from bench.__main__ import BENCHES

from .pages import ROOT, rows, sections

PAGE = ROOT / "bench" / "README.md"


def test_the_page_has_a_row_of_each_bench_and_the_command_names_it() -> None:
    (top,) = (text for head, text in sections(PAGE).items() if head == "The benches")
    assert {row[0] for row in rows(top)} == set(BENCHES)
    command = re.search(r"python -m bench \[([a-z|]+) ", top)
    assert command is not None and command[1].split("|") == list(BENCHES)

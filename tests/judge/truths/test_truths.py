"""The judge says of a history nothing that the truth behind it does not bear out, and knows whatever it can know."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.judge.truths.comparing import compare
from tests.promised import PROMISED

MANY, FEW, TOGETHER = 10_000, 400, 100
EXPECTATIONS = 9  # of each truth, at most
STARTS = range(1, (MANY if os.environ.get(PROMISED) else FEW) + 1, TOGETHER)
HERE = Path(__file__).parent
MAY_IMPORT = {"telling": "lab.history", "asking": "lab.declare"}  # of the lab; all others nothing
ASK_THE_JUDGE = {"comparing", "test_truths"}


@pytest.mark.parametrize("start", STARTS)
def test_every_verdict_is_as_the_truth_has_it(start: int) -> None:
    wrong = [
        str(found)
        for seed in range(start, start + TOGETHER)
        for found in compare(seed, EXPECTATIONS)
        if not found.right
    ]
    assert not wrong, "\n".join(wrong[:10])


def imported(file: Path) -> Iterator[str]:
    """Yield the names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


@pytest.mark.parametrize("file", sorted(HERE.glob("*.py")), ids=lambda file: file.stem)
def test_the_truth_asks_neither_the_judge_nor_the_rules_that_it_judges_by(file: Path) -> None:
    if file.stem in ASK_THE_JUDGE:
        return
    allowed = MAY_IMPORT.get(file.stem)
    wrong = [each for each in imported(file) if each.startswith("lab.") and not (allowed and each.startswith(allowed))]
    assert not wrong
    decides = file.stem not in ("__main__", "shrinking")
    assert not decides or not any(each.startswith("tests.judge.truths.comparing") for each in imported(file))

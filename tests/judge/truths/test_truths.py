"""The judge says of a history nothing that the truth behind it does not bear out, and knows whatever it can know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from lab.errors import InputError
from lab.history import HistoryFile
from lab.judge import judge_file
from tests.judge.truths import asking, drawing
from tests.judge.truths.comparing import compare, compared
from tests.judge.truths.telling import header, observations

MANY, TOGETHER = 10_000, 100
EXPECTATIONS = 9  # of each truth, at most
STARTS = range(1, MANY + 1, TOGETHER)
HERE = Path(__file__).parent
MAY_IMPORT = {"telling": "lab.history", "asking": "lab.declare"}  # of the lab; all others nothing
ASK_THE_JUDGE = {"comparing", "test_truths"}


@pytest.mark.sampled(30)
@pytest.mark.parametrize("start", STARTS)
def test_every_verdict_is_as_the_truth_has_it(start: int) -> None:
    wrong = [
        str(found)
        for seed in range(start, start + TOGETHER)
        for found in compare(seed, EXPECTATIONS)
        if not found.right
    ]
    assert not wrong, "\n".join(wrong[:10])


@pytest.mark.sampled(12)
@pytest.mark.parametrize("seed", range(1, 41))
def test_a_run_may_die_at_any_line(seed: int) -> None:
    world = drawing.draw(seed)
    expectations = asking.draw(world, Random(seed + 1), EXPECTATIONS)
    wrong = []
    for t in sorted({seen.t for seen in observations(world)}):
        world.end, world.complete = t, False
        world.end = max(seen.t for seen in observations(world))  # of the last line that was written
        wrong += [f"until {t}: {found}" for found in compared(world, expectations) if not found.right]
    assert not wrong, "\n".join(wrong[:10])


@pytest.mark.parametrize("seed", range(1, 41))
def test_a_history_that_lacks_a_line_tells_nothing_or_is_refused(seed: int, tmp_path: Path) -> None:
    world, dice = drawing.draw(seed), Random(seed)
    world.complete = True
    file = HistoryFile(tmp_path / "history.jsonl", header(world))
    for seen in observations(world):
        file.record(seen)
    file.close()
    lines = (tmp_path / "history.jsonl").read_bytes().splitlines(keepends=True)
    del lines[dice.randrange(1, len(lines) - 1)]
    (tmp_path / "history.jsonl").write_bytes(b"".join(lines))
    expectations = [asking.declared(each) for each in asking.draw(world, dice, EXPECTATIONS)]
    try:
        found = judge_file(tmp_path / "history.jsonl", expectations)
    except InputError:
        return  # as where a step's messages are there, and not the step
    assert {str(each.outcome) for each in found.verdicts} == {"unknown"}


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


# A client that left before the time of `recovered` was over; a retained copy beside messages with its body; clients
# that left before the step of `recovered`, or gave back what they had at that step; late copies of a message.
@pytest.mark.parametrize("seed", [28424, 89579, 80606, 82650, 88349, 81030, 78562])
def test_no_verdict_is_better_than_a_truth_that_was_judged_wrongly_once(seed: int) -> None:
    assert not [str(found) for found in compare(seed, EXPECTATIONS) if not found.right]

"""A run may die anywhere: of what its history has by then, nothing is held or broken that is otherwise in the end.

The whole history is one of the ways in which the part could have gone on. So a verdict on the part that is not unknown
must be that on the whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.declare.expectations import expectations_of
from lab.history import read
from lab.judge import Streamed, judge, judge_file
from lab.judge.values import Outcome
from tests.sealed import unsealed

FOLDER = Path(__file__).parent
# A lab that stands is judged as of now, which is another moment in each part.
CASES = [each.parent.name for each in sorted(FOLDER.glob("*/history.jsonl")) if "standing" not in each.parent.name]
MOST = 60  # places at which a long history is cut, evenly spread


@pytest.mark.sampled(20)
@pytest.mark.parametrize("case", CASES)
def test_no_part_of_a_history_is_judged_otherwise_than_the_whole(case: str) -> None:
    whole = read(FOLDER / case / "history.jsonl")
    expectations, seen = expectations_of(whole.header.declared), whole.observations
    ends = judge(expectations, Streamed(whole.header, seen)).verdicts
    for cut in range(0, len(seen), len(seen) // MOST + 1):
        part = judge(expectations, Streamed(whole.header, seen[:cut])).verdicts
        for verdict, end in zip(part, ends, strict=True):
            told = f"cut after line {cut + 1}: {verdict.expectation}: {verdict.reason}"
            assert verdict.outcome in (Outcome.UNKNOWN, end.outcome), told


@pytest.mark.parametrize("case", CASES)
def test_nothing_passes_without_the_last_line_or_its_checksum(case: str, tmp_path: Path) -> None:
    octets, path = (FOLDER / case / "history.jsonl").read_bytes(), tmp_path / "history.jsonl"
    *lines, last = octets.splitlines(keepends=True)
    for end in (unsealed(last), last[:-1], b""):
        if end != last:
            path.write_bytes(b"".join([*lines, end]))
            report = judge_file(path)
            assert Outcome.PASSED not in {report.outcome, *(verdict.outcome for verdict in report.verdicts)}


def test_a_file_may_end_anywhere_in_a_line_too(tmp_path: Path) -> None:
    octets, path = (FOLDER / "all-passed" / "history.jsonl").read_bytes(), tmp_path / "history.jsonl"
    header = octets.index(b"\n") + 1
    for cut in range(header, len(octets) - 1, 97):
        path.write_bytes(octets[:cut])
        assert Outcome.FAILED not in {each.outcome for each in judge_file(path).verdicts}


def test_what_came_out_of_order_may_have_been_given_back_where_the_history_ends_before_that_is_told() -> None:
    whole = read(FOLDER / "given-back-before-it-was-noted" / "history.jsonl")
    (ordered,) = (each for each in expectations_of(whole.header.declared) if each.kind == "ordered")
    again = next(n for n, each in enumerate(whole.observations) if getattr(each, "redelivered", False))
    (its,) = judge((ordered,), Streamed(whole.header, whole.observations[: again + 1])).verdicts
    assert its.outcome is Outcome.UNKNOWN
    assert its.reason == (
        "3-2 came out of order to quick, and slow had it unacknowledged: the history ends before it is known whether "
        "it gave it back"
    )

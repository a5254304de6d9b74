"""The histories of a hundred invented scenarios on real brokers have the verdicts that the truth has."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from lab.judge import judge_file
from tests.judge.real_truths.__main__ import KEPT, wrong

HISTORIES = sorted(KEPT.glob("*.jsonl.gz"))


@pytest.mark.parametrize("kept", HISTORIES, ids=lambda path: path.name.partition(".")[0])
def test_a_kept_history_has_the_verdicts_of_the_truth(kept: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    history.write_bytes(gzip.decompress(kept.read_bytes()))
    found = [str(each.outcome) for each in judge_file(history).verdicts]
    assert wrong(int(kept.name.partition(".")[0]), found) == []


def test_a_hundred_histories_are_kept() -> None:
    assert len(HISTORIES) == 100


def test_another_verdict_would_be_told() -> None:
    found = [str(each) for each in ("failed",) * 6]
    told = [seed for seed in range(20) if _differs(seed, found)]
    assert len(told) > 10


def _differs(seed: int, found: list[str]) -> bool:
    from tests.judge.real_truths.drawing import drawn

    return bool(wrong(seed, found[: len(drawn(seed).verdicts)]))

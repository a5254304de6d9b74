"""Each shipped scenario is run, made anew of its history and run again: the same verbs, moments and verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extras.transcript.again import history_of, run, steps, written
from tests.failing_variants import SCENARIOS

# No shipped scenario is an exception: every step of each can be made of a history.
ROUNDING = 0.01  # seconds: a moment is rounded up to a millisecond, and steps are a millisecond apart


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_shipped_scenario_is_the_same_when_it_is_made_of_its_history(name: str, tmp_path: Path) -> None:
    first = run(name, tmp_path / "first")
    files = written(history_of(tmp_path / "first"), tmp_path, name)
    second = run(tmp_path / "again.yaml", tmp_path / "second")
    before, after = (steps(history_of(tmp_path / each)) for each in ("first", "second"))
    assert [verb for verb, _ in after] == [verb for verb, _ in before]
    assert [t for _, t in after] == pytest.approx([t for _, t in before], abs=ROUNDING)
    assert [each.outcome for each in second.report.verdicts] == [each.outcome for each in first.report.verdicts]
    left = [each for each in files.warnings if not each.startswith("passwords are not in a history")]
    assert not left, "every step of it can be written"

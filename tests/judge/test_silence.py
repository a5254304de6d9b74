"""What a silent broker may have been meanwhile explains nothing and accuses nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.judge import judge_file

HERE = Path(__file__).parent
LOST = {"kind": "sight", "broker": "singapore", "of": "management", "state": "lost"}
REGAINED = {"kind": "sight", "broker": "singapore", "of": "management", "state": "regained"}


@pytest.mark.parametrize("silent", [False, True])
def test_counters_of_a_broker_that_may_have_been_restarted_name_no_thief(tmp_path: Path, silent: bool) -> None:
    lines = (HERE / "queue-taken-by-a-stranger" / "history.jsonl").read_text().splitlines()
    if silent:
        sights = [{"t": 0.4, **LOST, "since": 0.39}, {"t": 0.41, **REGAINED, "since": 0.41}]
        place = next(n for n, each in enumerate(lines) if '"kind":"destination"' in each.replace(" ", ""))
        lines[place:place] = [json.dumps(each) for each in sights]
    path = tmp_path / "history.jsonl"
    path.write_text("".join(f"{each}\n" for each in lines))
    report = judge_file(path)
    told = [verdict.reason for verdict in report.verdicts if "went to no client of the lab" in verdict.reason]
    assert bool(told) is not silent, told
    assert any("management did not answer" in note for note in report.notes) is silent

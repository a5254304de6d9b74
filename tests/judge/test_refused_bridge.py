"""A refused connector shows an end at every attempt: a claim that looks at that very moment is not broken by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.judge import judge_whole

CASE = Path(__file__).parent / "bridge-flickers" / "history.jsonl"
CLAIM = {"connector": "connector_tokyo_to_singapore", "up": "nowhere", "within": "6.5s", "after": "heal"}


@pytest.mark.parametrize(("lasts", "outcome"), [(0.5, "held"), (1.5, "broken")])
def test_an_end_that_is_gone_at_the_next_look_was_an_attempt(tmp_path: Path, lasts: float, outcome: str) -> None:
    header, *rest = map(json.loads, CASE.read_text().splitlines())
    header["declared"]["expect"] = [{"bridge": CLAIM}]
    up = next(line for line in rest if line["kind"] == "bridge" and line["up"] and line["t"] == 17)
    down = rest[rest.index(up) + 1]
    up["t"] = 16.4  # 6.5 s after the heal at 10.01 s are over at 16.51 s
    down["t"] = up["t"] + lasts
    path = tmp_path / "history.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (header, *rest)))
    (verdict,) = judge_whole(path).report.verdicts
    assert verdict.outcome == outcome, verdict.reason

"""A refused connector shows an end at every attempt: that moment alone does not fail an expectation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.judge import judge_whole
from tests.sealed import write

CASE = Path(__file__).parent / "bridge-flickers" / "history.jsonl"
EXPECTED = {"connector": "connector_tokyo_to_singapore", "up": "nowhere", "within": "6.5s", "after": "heal"}


@pytest.mark.parametrize(("lasts", "outcome"), [(0.5, "passed"), (1.5, "failed")])
def test_an_end_that_is_gone_at_the_next_look_was_an_attempt(tmp_path: Path, lasts: float, outcome: str) -> None:
    header, *rest = map(json.loads, CASE.read_text().splitlines())
    header["declared"]["expect"] = [{"bridge": EXPECTED}]
    up = next(line for line in rest if line["kind"] == "bridge" and line["up"] and line["t"] == 17)
    down = rest[rest.index(up) + 1]
    up["t"] = 16.4  # 6.5 s after the heal at 10.01 s are over at 16.51 s
    down["t"] = up["t"] + lasts
    path = write(tmp_path / "history.jsonl", "".join(f"{json.dumps(line)}\n" for line in (header, *rest)))
    (verdict,) = judge_whole(path).report.verdicts
    assert verdict.outcome == outcome, verdict.reason


def test_a_new_session_that_is_older_than_the_end_of_the_one_before_is_up(tmp_path: Path) -> None:
    """Both are seen at one look, and the moments of that look are some microseconds apart."""
    header, *rest = map(json.loads, CASE.read_text().splitlines())
    header["declared"]["expect"] = [{"bridge": {"connector": EXPECTED["connector"], "up": "both-ends"}}]
    end = {"kind": "bridge", "connector": EXPECTED["connector"], "broker": "singapore", "remote": "tokyo"}
    end["created_by_duplex"] = True
    near = {**end, "broker": "tokyo", "remote": "singapore", "created_by_duplex": False, "remote_address": "x:61617"}
    rest[-1:-1] = [
        {"t": 30.0, **near, "up": True},
        {"t": 30.0, **end, "remote_address": "x:1", "up": True},
        {"t": 30.83006, **end, "remote_address": "x:1", "up": False},
        {"t": 30.83004, **end, "remote_address": "x:2", "up": True},
    ]
    rest[-1]["t"] = 40.0
    path = write(tmp_path / "history.jsonl", "".join(f"{json.dumps(line)}\n" for line in (header, *rest)))
    (verdict,) = judge_whole(path).report.verdicts
    assert verdict.outcome == "passed", verdict.reason

"""The article, step by step, and what its report says when one step is left out: decided in memory, without Docker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.errors import Problem
from lab.history import Header, History, MemoryRecorder
from lab.judge import judge
from lab.plan.planning import plan
from lab.replay import replay
from lab.report.document import to_json
from lab.shipped import shipped
from tests.replay.article_lab import ArticleLab
from tests.replay.leaving_out import LEFT_OUT, NAME, REFUSED, LeftOut


def judged(path: Path) -> dict[str, Any]:
    """Replay a scenario in memory, and give its report as a file would hold it."""
    scenario = load(path, environment={})
    assert check(scenario) == ()
    planned = plan(scenario.topology, seed=scenario.seed)
    recorder = MemoryRecorder()
    replay(scenario, planned, ArticleLab(planned, scenario.topology), recorder, run="run-1")
    header = Header(
        run="run-1", scenario=NAME, seed=1, runtime="fake", started="", declared=scenario.declared(), mqlab="0"
    )
    history = History(header=header, observations=tuple(recorder.observations), complete=True)
    found: dict[str, Any] = json.loads(to_json(judge(scenario.expect, history)))
    return found


def test_the_whole_article_holds() -> None:
    found = judged(shipped("scenarios") / f"{NAME}.yaml")
    assert [each for each in found["verdicts"] if each["outcome"] != "held"] == []


@pytest.mark.parametrize("left_out", LEFT_OUT, ids=lambda each: each.name)
def test_leaving_one_step_out_breaks_the_right_claims_for_the_right_reason(left_out: LeftOut, tmp_path: Path) -> None:
    found = judged(left_out.written(tmp_path))
    assert found["outcome"] == "broken"
    assert left_out.misses(found["verdicts"]) == [], json.dumps(found["verdicts"], indent=1)


@pytest.mark.parametrize(("line", "why"), REFUSED, ids=lambda each: each[:24])
def test_what_nothing_could_follow_is_refused_before_anything_is_opened(line: str, why: str, tmp_path: Path) -> None:
    left_out = LeftOut(name=line, lines=(line,), broken=())
    assert why in [problem.what.partition(": ")[2] or problem.what for problem in problems(left_out.written(tmp_path))]


def problems(path: Path) -> tuple[Problem, ...]:
    return check(load(path, environment={}))

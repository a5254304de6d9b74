"""The pairs of files: each story here holds a scenario and the history that a Lab in memory gives it.

`python -m tests.replay.cases` writes the histories anew, to be looked at with `git diff` before they are believed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.history import MemoryRecorder, line
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.replay import replay
from tests.replay.fake_lab import FakeLab

STORIES = sorted((Path(__file__).parent / "stories").glob("*.yaml"))
RUN = "run-1"
BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


def opened(path: Path) -> tuple[Scenario, Plan, FakeLab]:
    scenario = load(path, environment={})
    planned = plan(scenario.topology, seed=scenario.seed)
    return scenario, planned, FakeLab(planned)


def history(path: Path) -> str:
    scenario, planned, lab = opened(path)
    recorder = MemoryRecorder()
    replay(scenario, planned, lab, recorder, run=RUN, began=BEGAN)
    return "".join(map(line, recorder.observations))


if __name__ == "__main__":
    for story in STORIES:
        story.with_suffix(".jsonl").write_text(history(story), encoding="utf-8")

"""The pairs of files: each story here holds a scenario and the history that a simulated lab gives it.

`python -m tests.replay.cases` writes the histories anew, to be looked at with `git diff` before they are believed.
Moments are rounded, so that a model that is a little quicker or slower leaves most of them as they are.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import asdict

from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.history import BridgeSeen, LinkSeen, LogLine, MemoryRecorder, Observation, line
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.replay import replay
from tests import spoilt_lab
from tests.spoilt_lab import RUN, SpoiltLab

STORIES = sorted((Path(__file__).parent / "stories").glob("*.yaml"))
CHANCE = re.compile(r"(?<=-)\d{3,}|(?<=:)(?!61617)\d{4,5}|(?<=#)\d+")
BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday


def opened(path: Path, kind: type[SpoiltLab] = SpoiltLab) -> tuple[Scenario, Plan, SpoiltLab]:
    scenario = load(path, environment={})
    planned = plan(scenario.topology, seed=scenario.seed)
    return scenario, planned, spoilt_lab.opened(planned, scenario.topology, kind)


def history(path: Path) -> str:
    scenario, planned, lab = opened(path)
    recorder = MemoryRecorder()
    replay(scenario, planned, lab, recorder, run=RUN, began=BEGAN)
    return "".join(map(line, map(rounded, recorder.observations)))


def rounded(seen: Observation) -> Observation:
    """Return an observation without what any change of a model changes, and chance: a port, a process's id."""
    its = seen.with_fields(
        **{name: round(value, 1) + 0.0 for name, value in asdict(seen).items() if isinstance(value, float)}  # not -0.0
    )
    match its:
        case LinkSeen():
            return its.with_fields(packets=0)
        case LogLine():
            return its.with_fields(text=CHANCE.sub("N", its.text))
        case BridgeSeen(created_by_duplex=True):
            return its.with_fields(remote_address=CHANCE.sub("N", its.remote_address))
    return its


if __name__ == "__main__":
    for story in STORIES:
        story.with_suffix(".jsonl").write_text(history(story), encoding="utf-8")

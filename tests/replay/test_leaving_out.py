"""The article, step by step: what nothing could follow is refused before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.errors import Problem
from tests.replay.leaving_out import REFUSED, LeftOut


@pytest.mark.parametrize(("line", "why"), REFUSED, ids=lambda each: each[:24])
def test_what_nothing_could_follow_is_refused_before_anything_is_opened(line: str, why: str, tmp_path: Path) -> None:
    left_out = LeftOut(name=line, lines=(line,), fails=())
    assert why in [problem.what.partition(": ")[2] or problem.what for problem in problems(left_out.written(tmp_path))]


def problems(path: Path) -> tuple[Problem, ...]:
    return check(load(path, environment={}))

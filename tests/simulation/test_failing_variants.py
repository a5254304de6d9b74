"""Failing variants of the shipped scenarios: simulated, each fails for the reason that its file gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import labs
from lab.judge import Outcome
from tests.failing_variants import FAILING_VARIANTS, not_said
from tests.replay.leaving_out import LEFT_OUT, LeftOut


@pytest.mark.parametrize("name", FAILING_VARIANTS)
def test_a_failing_variant_is_broken_for_its_reason(name: str, tmp_path: Path) -> None:
    ran = labs.run(name, runtime="simulation", runs=tmp_path, environment={})
    broken = [each.reason for each in ran.report.verdicts if each.outcome is Outcome.FAILED]
    assert ran.report.outcome is Outcome.FAILED, [str(each) for each in ran.report.verdicts]
    assert not_said(name, broken) == [], broken


def test_a_hub_whose_connectors_reach_no_further_gives_the_spokes_nothing(tmp_path: Path) -> None:
    ran = labs.run("hub-and-spokes-fails", runtime="simulation", runs=tmp_path, environment={})
    counted = {each.subscriber: (each.expected, each.received) for each in ran.report.deliveries}
    assert counted == {"desk": (10, 10), "screen": (10, 0), "clerk": (10, 0)}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("left_out", LEFT_OUT, ids=[each.name for each in LEFT_OUT])
def test_the_article_without_one_of_its_steps_is_broken_for_want_of_it(left_out: LeftOut, tmp_path: Path) -> None:
    scenario = left_out.written(tmp_path)
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path / "runs", environment={})
    assert left_out.misses(json.loads(ran.folder.report.read_text())["verdicts"]) == []

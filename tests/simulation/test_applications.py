"""Scenarios with applications in a simulation: the lab's own clients are judged by the events inside the brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.applications.cases import CASES, told


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_scenario_with_applications_gives_its_report_and_its_trace(case: Path, tmp_path: Path) -> None:
    assert told(case, tmp_path) == case.with_suffix(".txt").read_text("utf-8")

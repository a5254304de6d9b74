"""Observations of real brokers, kept once (5.18.3, 2026-12-01 and 12-02): the simulation makes the same, as often.

measured/observed has a file for each scenario; observed_lines.py makes it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import labs
from tests.simulation.observed_lines import KEPT, lines
from tests.simulation.test_measured import MEASURED


@pytest.mark.parametrize("kept", sorted(KEPT.glob("*.txt")), ids=lambda kept: kept.stem)
def test_the_simulation_makes_the_observations_of_real_brokers(kept: Path, tmp_path: Path) -> None:
    scenario = MEASURED / "rules.yaml" if kept.stem == "rules" else kept.stem
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, set={"observe": '[">"]'})
    assert lines(ran.folder.path / "history.jsonl") == kept.read_text("utf-8").splitlines()

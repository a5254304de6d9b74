"""Generated networks simulate: what a spoke sends reaches the others, whatever their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import labs
from lab.declare.shapes import generate
from lab.network.regions import REGIONS
from tests.extras.vary.generated import story


@pytest.mark.parametrize(("shape", "count"), [("hub", 12), ("mesh", 6)])
def test_a_generated_network_simulates(tmp_path: Path, shape: str, count: int) -> None:
    codes = [code for code, region in REGIONS.items() if region.latitude is not None][:count]
    for name, text in generate(shape, codes, shape).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    scenario = tmp_path / "story.yaml"
    scenario.write_text(story(tmp_path / "topology.yaml", messages=5), encoding="utf-8")
    ran = labs.run(scenario, runs=tmp_path, runtime="simulation", environment={})
    assert ran.passed, [verdict for verdict in ran.report.verdicts if verdict.outcome != "passed"]
    assert sum(each.received for each in ran.report.deliveries) == 5 * (count - 1)

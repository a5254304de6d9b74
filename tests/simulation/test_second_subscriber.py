"""A subscription is done when its own demand has arrived, and not when somebody else's is there already."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lab import labs
from lab.base.shipped import shipped

STORY = """
scenario: two who listen to the same, in two regions
topology: topologies/hub-and-spokes.yaml
steps:
  - subscribe: {{client: near, broker: {near}, over: mqtt, topic: prices}}
  - subscribe: {{client: far, broker: {far}, over: mqtt, topic: prices}}
  - publish:   {{broker: {source}, over: mqtt, topic: prices, count: 20, qos: 1}}
expect:
  - delivered: {{to: [near, far], promise: exactly-once, within: 5s}}
"""


@pytest.mark.parametrize(
    ("source", "near", "far"),
    [("dublin", "frankfurt", "virginia"), ("frankfurt", "dublin", "virginia"), ("virginia", "frankfurt", "dublin")],
)
def test_messages_sent_at_once_reach_both(source: str, near: str, far: str, tmp_path: Path) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    story = tmp_path / "scenarios" / "story.yaml"
    story.write_text(STORY.format(source=source, near=near, far=far))
    ran = labs.run(story, runtime="simulation", runs=tmp_path, environment={})
    assert ran.passed, [str(verdict) for verdict in ran.report.verdicts]
    seen = [json.loads(line) for line in (ran.folder.path / "history.jsonl").read_text("utf-8").splitlines()]
    ended = [each["t"] for each in seen if each.get("kind") == "step-ended"]
    assert ended[1] < 1.0, "some round trips, and not the patience with what has not come"

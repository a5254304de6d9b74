"""The user that clients log in as, where a broker has several: the scenario's, else the broker's."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import labs
from lab.check.scenario import check
from lab.declare.loading import load
from lab.plan.planning import plan

TEXT = """
scenario: two users
{of_scenario}
topology:
  topology: two users
  regions:
    tokyo: {{aws-region: ap-northeast-1, vpc: 10.1.0.0/16}}
  brokers:
    tokyo:
      region: tokyo
      {of_broker}
      users:
        bridge: {{password: correct-horse-42}}
        orders: {{password: battery-staple-7}}
        audit: {{password: over-the-ocean-1858}}
    spare:
      region: tokyo
      users:
        bridge: {{password: correct-horse-42}}
steps:
  - publish: {{broker: tokyo, over: stomp, queue: orders}}
  - publish: {{broker: spare, over: stomp, queue: orders}}
"""


def written(folder: Path, *, of_scenario: str = "", of_broker: str = "") -> Path:
    path = folder / "two-users.yaml"
    path.write_text(TEXT.format(of_scenario=of_scenario, of_broker=of_broker))
    return path


@pytest.mark.parametrize(
    ("of_scenario", "of_broker", "user"),
    [
        ("user: orders", "", "orders"),
        ("", "user: orders", "orders"),
        ("user: audit", "user: orders", "audit"),
        ("", "", ""),
    ],
)
def test_a_step_without_a_user_has_the_one_of_its_scenario_or_else_of_its_broker(
    tmp_path: Path, of_scenario: str, of_broker: str, user: str
) -> None:
    scenario = load(written(tmp_path, of_scenario=of_scenario, of_broker=of_broker), environment={})
    problems = check(scenario)
    if not user:
        assert [problem.what for problem in problems] == ["tokyo has 3 users"]
        return
    assert problems == ()
    brokers = plan(scenario.topology, seed=1).brokers
    assert [broker.users[0] for broker in brokers] == [user, "bridge"]


def test_a_program_logs_in_as_the_default_user(tmp_path: Path) -> None:
    path = written(tmp_path, of_broker="user: orders")
    with labs.up(str(path), runtime="simulation", runs=tmp_path) as lab:
        known = [lab.account.broker(broker).identities[0].name for broker in ("tokyo", "spare")]
    assert known == ["orders", "bridge"]  # `connect` takes the first one

"""A topology gives exactly the plan that lies beside it, the same each time, and no password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.plan.planning import plan
from lab.plan.text import describe
from lab.plan.values import Plan

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/topology.yaml"))
SHIPPED = Path(__file__).parents[2] / "scenarios"


def scenario_on(topology: Path, folder: Path) -> Scenario:
    """Return a scenario of which only the topology matters."""
    path = folder / "scenario.yaml"
    path.write_text(f"scenario: any\ntopology: {topology}\nsteps:\n  - wait: 1s\n")
    scenario = load(path, environment={})
    assert check(scenario) == ()
    return scenario


def shipped(name: str) -> Plan:
    scenario = load(SHIPPED / f"{name}.yaml", environment={})
    return plan(scenario.topology, seed=scenario.seed)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_plan_is_the_one_beside_it(case: Path, tmp_path: Path) -> None:
    scenario = scenario_on(case / "topology.yaml", tmp_path)
    assert describe(plan(scenario.topology, seed=7)) == (case / "plan.txt").read_text()


@pytest.mark.parametrize("name", ["tokyo-singapore", "cut-and-heal", "one-way", "cut-topics"])
def test_plan_is_the_same_each_time(name: str) -> None:
    assert shipped(name) == shipped(name)


@pytest.mark.parametrize("name", ["tokyo-singapore", "one-way"])
def test_plan_holds_no_password(name: str) -> None:
    topology = load(SHIPPED / f"{name}.yaml", environment={}).topology
    found = plan(topology, seed=7)
    text = json.dumps(found.to_dict()) + repr(found) + describe(found)
    passwords = [each.get_secret_value() for users in topology.passwords().values() for each in users.values()]
    assert passwords and not [each for each in passwords if each in text]


def test_plan_is_whole_as_json() -> None:
    found = shipped("tokyo-singapore")
    again = json.loads(json.dumps(found.to_dict()))
    assert again["brokers"][0]["activemq_xml"] == found.broker("tokyo").activemq_xml
    assert again["links"][0]["directions"][0]["impairment"]["delay"] == "35.3ms"


def test_duplex_carries_both_ways_and_its_absence_one() -> None:
    both, one = shipped("tokyo-singapore"), shipped("one-way")
    assert both.forwards("tokyo", "singapore") and both.forwards("singapore", "tokyo")
    assert one.forwards("tokyo", "singapore") and not one.forwards("singapore", "tokyo")


def test_a_version_handed_in_stands_for_every_broker(tmp_path: Path) -> None:
    scenario = scenario_on(Path(__file__).parent / "three-regions" / "topology.yaml", tmp_path)
    found = plan(scenario.topology, seed=7, activemq_version="5.19.1")
    assert {broker.activemq_version for broker in found.brokers} == {"5.19.1"}
    assert [broker.engine_version for broker in found.brokers] == ["5.17", "5.18", "5.18", "5.17.6"]


def test_brokers_start_together_before_any_is_waited_for() -> None:
    does = [action.does for action in shipped("tokyo-singapore").actions]
    assert does[2:5] == ["start-broker", "start-router", "start-broker"]  # the router beside all but the first
    assert max(i for i, each in enumerate(does) if each == "start-broker") < does.index("await-broker")
    assert does[-3:] == ["await-bridge", "await-console", "await-console"]
    starts = [action.to for action in shipped("tokyo-singapore").actions if action.does == "start-broker"]
    assert starts == ["singapore", "tokyo"]  # the one that is called comes first

"""What is removed from a scenario's configurations and what is advised about them is what lies beside it.

`python -m tests.check.test_advice` writes the expected texts anew; read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.activemq.releases import ENGINES
from lab.amazonmq.configurations.permitted_elements import versions
from lab.amazonmq.configurations.wording import lines
from lab.check.advice import advise, removals
from lab.check.scenario import check
from lab.declare.loading import load
from lab.plan.planning import plan

FOLDER = Path(__file__).parent / "advised"
CASES = sorted(FOLDER.glob("*.yaml"))


def told(path: Path) -> str:
    """Return all that a run would say before it goes on."""
    scenario = load(path, environment={})
    assert check(scenario) == (), "neither is a Problem"
    found = lines(removals(scenario.topology), advise(scenario.topology))
    return "".join(f"{line}\n" for line in found).replace(f"{FOLDER}/", "").replace(f"{FOLDER.parents[2]}/", "")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_scenario_gets_its_advice(path: Path) -> None:
    assert told(path) == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("name", ["tokyo-singapore", "cut-and-heal", "one-way"])
def test_nothing_is_said_of_the_scenarios_that_ship(name: str) -> None:
    assert told(FOLDER.parents[2] / "scenarios" / f"{name}.yaml") == ""


def test_a_broker_gets_what_the_service_would_save() -> None:
    """The run goes on with the sanitised text, and the Plan holds both and says what was removed."""
    found = plan(load(FOLDER / "chain.yaml", environment={}).topology, seed=7).broker("tokyo")
    assert 'duplx="false"' in found.configuration
    assert "duplx" not in found.saved + found.activemq_xml
    assert [each.attribute for each in found.removals] == ["duplx"]


def test_every_engine_version_that_is_offered_has_a_list() -> None:
    assert versions() == (*ENGINES,)


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(told(case))

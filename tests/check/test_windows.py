"""Once the service's clock has been moved a window may open before any step: what is refused is refused either way."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.check.scenario import check
from lab.declare.loading import load

CONNECTOR = "connector: {broker: tokyo, name: connector_tokyo_to_singapore, do: stop}"
CREATE = "create-user: {broker: tokyo, user: bridge, password: MQ-lab-2019-bridge}"
DELETE = "delete-user: {broker: tokyo, user: bridge}"
BEFORE, TO = "move-clock: {before: tokyo}", 'move-clock: {to: "2040-01-01 00:00"}'
BACK = "update-broker: {broker: tokyo, roll-back: yes}"
SAVE = "update-configuration: {configuration: tokyo-configuration, file: CONFIGURATION}"
APPLY = "update-broker: {broker: tokyo, configuration: tokyo-configuration}"
WAIT = "wait: 1s"


def problems(folder: Path, *steps: str) -> list[str]:
    scenarios = shipped("scenarios")
    written = "\n".join(f"  - {each}" for each in steps).replace(
        "CONFIGURATION", str(scenarios / "configurations" / "tokyo.xml")
    )
    path = folder / "scenario.yaml"
    path.write_text(f"scenario: windows\ntopology: {scenarios}/topologies/tokyo-singapore.yaml\nsteps:\n{written}\n")
    return [problem.what for problem in check(load(path, environment={}))]


@pytest.mark.parametrize("move", [BEFORE, TO])
@pytest.mark.parametrize("then", [(), (WAIT,)], ids=["at once", "after a wait"])
def test_what_a_window_may_change_is_not_refused_for_certain(tmp_path: Path, move: str, then: tuple[str, ...]) -> None:
    # a reboot in the window starts the connector again
    assert problems(tmp_path, CONNECTOR, CREATE, move, *then, CONNECTOR) == []
    # a user whose creation waits cannot be created again, nor once it is there; nor rolled back what has been applied
    assert problems(tmp_path, CREATE, move, *then, DELETE, *then, CREATE) == []
    assert problems(tmp_path, SAVE, APPLY, move, *then, BACK) == []


def test_many_windows_that_may_have_opened_are_looked_at_in_a_moment(tmp_path: Path) -> None:
    """Each broker doubles what may be; where that has no end, neither has this."""
    brokers = "".join(
        f"  b{number}: {{region: tokyo, users: {{bridge: {{password: correct-horse-42}}}}}}\n" for number in range(16)
    )
    (tmp_path / "many.yaml").write_text(
        f"topology: many\nregions:\n  tokyo: {{aws-region: ap-northeast-1, vpc: 10.1.0.0/16}}\nbrokers:\n{brokers}"
    )
    steps = "".join(f"  - delete-user: {{broker: b{number}, user: bridge}}\n" for number in range(16))
    path = tmp_path / "scenario.yaml"
    path.write_text(f"scenario: many\ntopology: many.yaml\nsteps:\n{steps}  - {TO}\n  - {WAIT}\n")
    assert check(load(path, environment={})) == ()


@pytest.mark.parametrize("move", [BEFORE, TO])
def test_what_is_refused_whether_a_window_opens_or_not_is_still_refused(tmp_path: Path, move: str) -> None:
    (what,) = problems(tmp_path, CREATE, move, WAIT, CREATE)
    assert "bridge" in what
    (what,) = problems(tmp_path, move, WAIT, BACK)
    assert "has had only" in what


def test_without_a_clock_that_was_moved_nothing_is_uncertain(tmp_path: Path) -> None:
    assert len(problems(tmp_path, CONNECTOR, WAIT, CONNECTOR)) == 1
    assert len(problems(tmp_path, CREATE, WAIT, CREATE)) == 1

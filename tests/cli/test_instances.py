"""What was done to a broker's instance or connector is told with its moment, to people and as JSON."""

from __future__ import annotations

import json

import pytest

from lab.cli.broker import show_changes as show
from lab.history import BrokerChanged, ConnectorChanged, Observation
from lab.operating import Done
from lab.plan.control import Control

CASES: list[tuple[Observation, str, dict[str, object]]] = [
    (
        BrokerChanged(t=12.3456, broker="tokyo", state="killed"),
        "12.346 s: tokyo killed",
        {"t": 12.3456, "broker": "tokyo", "state": "killed", "instance": 0, "standby": False},
    ),
    (
        BrokerChanged(t=1.0, broker="tokyo", state="paused", instance=1),
        "1.000 s: instance 1 of tokyo, the active one, paused",
        {"t": 1.0, "broker": "tokyo", "state": "paused", "instance": 1, "standby": False},
    ),
    (
        BrokerChanged(t=1.0, broker="tokyo", state="started", instance=2, standby=True),
        "1.000 s: instance 2 of tokyo, the standby, started",
        {"t": 1.0, "broker": "tokyo", "state": "started", "instance": 2, "standby": True},
    ),
    (
        ConnectorChanged(t=2.5, broker="tokyo", connector="wan", state="stopped"),
        "2.500 s: connector wan of tokyo stopped",
        {"t": 2.5, "broker": "tokyo", "connector": "wan", "state": "stopped"},
    ),
]


@pytest.mark.parametrize(("seen", "line", "values"), CASES, ids=lambda each: type(each).__name__)
def test_a_change_is_told(
    seen: Observation, line: str, values: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    done = Done(control=Control(), observations=(seen,))
    show(done, json=False)
    assert capsys.readouterr().out == f"{line}\n"
    show(done, json=True)
    assert json.loads(capsys.readouterr().out) == [values]

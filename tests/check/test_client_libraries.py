"""Steps over a protocol whose library is not installed are refused with their places, before anything starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.check.client_libraries import check_clients
from lab.check.scenarios import load_named
from lab.clients import missing

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios" / "mqtt-stomp-amqp.yaml"
REMEDY = "pip install 'mqlab[amqp]'"
WITHOUT_PROTON = "import sys; sys.modules['proton'] = None; from lab.cli import main; main()"


def test_nothing_is_missing_where_everything_is_installed() -> None:
    assert missing() == {}
    assert check_clients(load_named(str(SCENARIO), {}), {}) == ()


def test_each_step_over_a_missing_protocol_is_refused_once() -> None:
    problems = check_clients(load_named(str(SCENARIO), {}), {"amqp": REMEDY})
    assert [str(problem) for problem in problems] == [
        f"{SCENARIO}:{place}: no client for amqp is installed\n  {REMEDY}" for place in ("8:55", "16:42")
    ]


def test_a_step_inside_a_repeat_is_refused_once(tmp_path: Path) -> None:
    (tmp_path / "rounds.yaml").write_text(
        f"scenario: rounds\ntopology: {ROOT}/scenarios/topologies/tokyo-singapore.yaml\nsteps:\n"
        "  - repeat:\n      times: 3\n      steps:\n        - publish: {broker: tokyo, over: amqp, queue: q}\n"
    )
    (problem,) = check_clients(load_named(str(tmp_path / "rounds.yaml"), {}), {"amqp": REMEDY})
    assert problem.place is not None and problem.place.line == 7


@pytest.mark.release
def test_without_the_library_a_run_is_refused_and_a_check_is_not(tmp_path: Path) -> None:
    def mqlab(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_PROTON, *words],
            env={**os.environ, "MQLAB_HOME": str(tmp_path), "DOCKER_HOST": "tcp://127.0.0.1:9"},
            capture_output=True,
            text=True,
            check=False,
        )

    refused = mqlab("run", SCENARIO, "--json")
    problems = json.loads(refused.stdout)["problems"]
    assert refused.returncode == 2
    assert [(each["line"], each["column"], each["remedy"]) for each in problems] == [(8, 55, REMEDY), (16, 42, REMEDY)]
    assert list(tmp_path.iterdir()) == []
    assert mqlab("check", SCENARIO).returncode == 0


@pytest.mark.release
def test_a_simulation_needs_no_library_of_a_protocol(tmp_path: Path) -> None:
    without = "import sys; sys.modules.update(dict.fromkeys(('proton', 'stomp', 'paho', 'websocket', 'docker')))"
    ended = subprocess.run(
        [sys.executable, "-c", f"{without}; from lab.cli import main; main()", "run", SCENARIO, "-q",
         "--runtime", "simulation"],
        env={**os.environ, "MQLAB_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "from MQTT over STOMP to AMQP: passed, simulated")

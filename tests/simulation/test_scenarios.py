"""Shipped scenarios simulated: their verdicts, and the same history from the same seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import labs
from lab.errors import InputError
from lab.folder import RunFolder
from tests.twins import SCENARIOS

NOT_YET: tuple[str, ...] = ()  # whose verdicts are not those of real brokers


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.xfail(strict=True)] * (each in NOT_YET)) for each in SCENARIOS]
)
def test_a_shipped_scenario_holds(name: str, tmp_path: Path) -> None:
    ran = labs.run(name, runtime="simulation", runs=tmp_path, environment={})
    assert ran.held, [str(verdict) for verdict in ran.report.verdicts]


TESTED = Path(__file__).parents[1] / "integration" / "scenarios"  # what real brokers are tested with
OWN_PASSWORDS = {"WRITERS_PASSWORD": "MQ-lab-2021-writer"}


REFUSED = {"elsewhere": "memory", "pair-reboots": "redeliveryPlugin"}  # what of them has no model
PATHS = {path.stem: path for path in sorted(TESTED.glob("*.yaml")) if not path.stem.endswith("-topology")}


@pytest.mark.parametrize("name", [each for each in PATHS if each not in REFUSED])
def test_a_scenario_that_real_brokers_are_tested_with_holds(name: str, tmp_path: Path) -> None:
    ran = labs.run(PATHS[name], runtime="simulation", runs=tmp_path, environment=OWN_PASSWORDS)
    assert ran.held, [str(verdict) for verdict in ran.report.verdicts]


@pytest.mark.parametrize("name", REFUSED)
def test_a_scenario_about_what_has_no_model_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=REFUSED[name]):
        labs.run(PATHS[name], runtime="simulation", runs=tmp_path, environment=OWN_PASSWORDS)


def history(folder: RunFolder) -> str:
    """Return a run's history without its run id, the time of day, and the seal over both."""
    first, rest = folder.history.read_text().split("\n", 1)
    header, rest = json.loads(first), rest.rstrip("\n").rpartition("\n")[0]
    text = json.dumps({**header, "started": ""}) + "\n" + rest
    return text.replace(header["run"], "RUN")


@pytest.mark.parametrize("name", ["jitter-and-loss"])
def test_another_seed_gives_another_history_where_there_is_chance(name: str, tmp_path: Path) -> None:
    found = [
        history(labs.run(name, runtime="simulation", runs=tmp_path, environment={}, seed=seed).folder).split("\n", 1)[1]
        for seed in (7, 8)
    ]
    assert found[0] != found[1]


_ALL = """
import sys
from pathlib import Path
from lab import labs
from tests.simulation.test_scenarios import SCENARIOS, history
for name in SCENARIOS:
    ran = labs.run(name, runtime="simulation", runs=Path(sys.argv[1]), environment={}, seed=11)
    print(name, history(ran.folder))
"""


def test_the_same_seed_gives_the_same_histories_whatever_the_hash_seed_of_python(tmp_path: Path) -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", _ALL, str(tmp_path / hashed)],
            env={**os.environ, "PYTHONHASHSEED": hashed},
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        ).stdout.splitlines()
        for hashed in ("1", "2")
    ]
    assert len(found[0]) > 100 * len(SCENARIOS)
    differing = [(one, other) for one, other in zip(*found, strict=True) if one != other]
    assert differing == []

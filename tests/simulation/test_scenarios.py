"""Shipped scenarios simulated: their verdicts, and the same history from the same seed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import labs
from lab.errors import InputError
from lab.replay.steps.clients import DEMAND_WITHIN
from tests.failing_variants import SCENARIOS
from tests.simulation.seeds import wrong

NOT_YET: tuple[str, ...] = ()  # whose verdicts are not those of real brokers


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.xfail(strict=True)] * (each in NOT_YET)) for each in SCENARIOS]
)
def test_a_shipped_scenario_holds(name: str, tmp_path: Path) -> None:
    ran = labs.run(name, runtime="simulation", runs=tmp_path, environment={})
    assert ran.passed, [str(verdict) for verdict in ran.report.verdicts]
    assert not waited_in_vain(ran.folder.path)


def waited_in_vain(run: Path) -> list[int]:
    """Return the steps that waited for demand as long as it is waited for, and do not say that it did not come."""
    began, found = dict[int, float](), list[int]()
    for line in (run / "history.jsonl").read_text("utf-8").splitlines():
        seen = json.loads(line)
        if seen.get("kind") == "step" and seen["verb"] == "subscribe":
            began[seen["step"]] = seen["t"]
        if seen.get("kind") == "step-ended" and "no demand" not in seen.get("note", ""):
            took = seen["t"] - began.get(seen["step"], seen["t"])
            found += [seen["step"]] * (took >= DEMAND_WITHIN)
    return found


TESTED = Path(__file__).parents[1] / "integration" / "scenarios"  # what real brokers are tested with
OWN_PASSWORDS = {"WRITERS_PASSWORD": "MQ-lab-2021-writer"}


# Scenarios with a setting that has no model, and a word of their refusal.
REFUSED = {"elsewhere": "memory", "pair-reboots": "redeliveryPlugin"}
PATHS = {path.stem: path for path in sorted(TESTED.glob("*.yaml")) if not path.stem.endswith("-topology")}


@pytest.mark.parametrize("name", [each for each in PATHS if each not in REFUSED])
def test_a_scenario_that_real_brokers_are_tested_with_holds(name: str, tmp_path: Path) -> None:
    ran = labs.run(PATHS[name], runtime="simulation", runs=tmp_path, environment=OWN_PASSWORDS)
    assert ran.passed, [str(verdict) for verdict in ran.report.verdicts]
    assert not [note for note in ran.report.notes if "disagree" in note]


@pytest.mark.parametrize("name", REFUSED)
def test_a_scenario_about_what_has_no_model_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=REFUSED[name]):
        labs.run(PATHS[name], runtime="simulation", runs=tmp_path, environment=OWN_PASSWORDS)


_ALL = """
import sys
from pathlib import Path
from tests.simulation.seeds import simulated
from tests.failing_variants import SCENARIOS
for name in SCENARIOS:
    for seed in map(int, sys.argv[2:]):
        print(name, repr(simulated(name, seed, Path(sys.argv[1]))))
"""


def all_at(hash_seed: str, runs: Path, *seeds: int) -> dict[str, list[str]]:
    """Return the histories of all scenarios at these seeds, from a process with that PYTHONHASHSEED."""
    done = subprocess.run(
        [sys.executable, "-c", _ALL, str(runs), *map(str, seeds)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    found: dict[str, list[str]] = {}
    for name, _, text in (line.partition(" ") for line in done.stdout.splitlines()):
        found.setdefault(name, []).append(ast.literal_eval(text))
    return found


@pytest.mark.release
def test_a_history_is_of_the_seed_alone_and_another_seed_changes_only_what_is_chance(tmp_path: Path) -> None:
    """`python -m tests.simulation.seeds` asks the same at many seeds."""
    one, other = all_at("1", tmp_path / "one", 7, 8), all_at("2", tmp_path / "other", 7)
    assert list(one) == SCENARIOS
    assert [name for name in SCENARIOS if one[name][0] != other[name][0]] == []
    assert {name: wrong(name, histories) for name, histories in one.items() if wrong(name, histories)} == {}

"""A run, the scenario of its history, and the run of that scenario, all in the simulation."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lab import labs
from lab.check.scenarios import load_named
from lab.extras.transcript.making import transcript
from lab.extras.transcript.topologies import file_of
from lab.extras.transcript.writing import ScenarioFiles, scenario_files
from lab.history import StepStarted, read
from lab.labs import Ran


def history_of(runs: Path) -> Path:
    """Return the history of the only run in a folder of runs."""
    (run,) = (each for each in (runs / "runs").iterdir() if not each.is_symlink())
    return run / "history.jsonl"


def written(history: Path, folder: Path, expected: str | None = None) -> ScenarioFiles:
    """Write the scenario of a history as `again.yaml` in a folder, with the files beside it, and return the files."""
    of = None if expected is None else load_named(expected, {})
    topology_file = partial(file_of, scenario=of, folder=folder)
    files = scenario_files(transcript(history), "again.yaml", topology_file=topology_file, expected=of)
    for name, text in files.texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return files


def run(scenario: str | Path, runs: Path) -> Ran:
    """Run a scenario in the simulation."""
    return labs.run(scenario, runtime="simulation", runs=runs, environment={})


def steps(history: Path) -> list[tuple[str, float]]:
    """Return the verb and the moment of each step of a run."""
    return [(each.verb, each.t) for each in read(history).observations if isinstance(each, StepStarted)]

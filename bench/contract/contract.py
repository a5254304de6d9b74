"""The contract of one scenario: its missing emulated runs made and kept, its simulated ones made, all compared."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from bench.contract.comparison import Row, compare
from bench.contract.figures import RULES, Figures, Machine, figures
from bench.contract.kept_runs import KeptRuns, digest
from lab import labs
from lab.amazonmq.identity import DeploymentMode
from lab.base.dataclass import dataclass
from lab.check.scenarios import PlannedScenario, plan_named
from lab.judge import Judged
from lab.operating import runtimes
from lab.operating.runtimes import SIMULATION, USUAL
from lab.plan.values import OF_HOST
from lab.runtime.congestion import congestion_control, is_modelled
from lab.runtime.progress import Told

LOAD = Path("/proc/loadavg")  # Linux's
RUNS = 10  # emulated, at the seeds from 1 on
SEEDS_OF_CHANCE, SEEDS = (
    20,
    3,
)  # simulated: where links have jitter or loss, traffic is drawn, or there are pairs; and elsewhere
_CHANCE = ("jitter", "loss")

Runner = Callable[[str, int], Judged]  # the runtime's name and the seed → the run, judged
Measure = Callable[[], Machine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A scenario's rows, and the runs that they were made of."""

    name: str
    emulated: tuple[Figures, ...]
    simulated: tuple[Figures, ...]
    rows: tuple[Row, ...]
    apart: tuple[Figures, ...] = ()  # emulated runs that are left out: TCP had another congestion control than models
    outdated: tuple[Figures, ...] = ()  # and those whose figures were made by other rules than are made now

    @property
    def agrees(self) -> bool:
        """Return whether anything is compared, and all of it agrees."""
        return bool(self.rows) and all(row.agrees is not False for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One scenario's runs on both runtimes."""

    kept: KeptRuns
    chance: bool  # whether links, traffic or standbys have any
    run: Runner
    measure: Measure

    def missing(self, runs: int, images: tuple[str, ...]) -> tuple[int, ...]:
        """Return the seeds of those emulated runs, of so many, that are not kept for these images.

        A run that is left out for its TCP counts only while this machine's is what it was then: to make it again is no
        use. One whose figures are by other rules does not count.
        """
        tcp = self.measure().tcp
        kept = (each for each in self.kept.runs(images) if not _is_outdated(each))
        there = {each.seed for each in kept if not _is_apart(each) or _tcp(each) == tcp}
        return tuple(seed for seed in range(1, runs + 1) if seed not in there)

    def emulate(self, seed: int, images: tuple[str, ...]) -> Figures:
        """Make one emulated run and keep it."""
        machine = self.measure()
        found = structs.replace(figures(self.run(USUAL, seed)), machine=machine, digest=self.kept.digest, images=images)
        self.kept.keep(found)
        return found

    def simulate(self) -> Iterator[Figures]:
        """Yield the simulated runs as they are made."""
        for seed in range(1, (SEEDS_OF_CHANCE if self.chance else SEEDS) + 1):
            yield figures(self.run(SIMULATION, seed))

    def compared(self, simulated: Iterable[Figures], images: tuple[str, ...] | None = None) -> Compared:
        """Compare the emulated runs that are kept, of these images or of any, with simulated ones.

        Those of another TCP than models have, and those whose figures are by other rules, are left out. Without any
        other there are no rows, and none is simulated.
        """
        every = self.kept.runs(images)
        kept, outdated = ([each for each in every if _is_outdated(each) is old] for old in (False, True))
        emulated = tuple(each for each in kept if not _is_apart(each))
        models = tuple(simulated) if emulated else ()
        rows = compare(emulated, models) if emulated else ()
        return Compared(
            name=self.kept.name,
            emulated=emulated,
            simulated=models,
            rows=rows,
            apart=tuple(filter(_is_apart, kept)),
            outdated=tuple(outdated),
        )


def contract_of(planned: PlannedScenario, name: str, folder: Path, run: Runner, measure: Measure) -> Contract:
    """Return the contract of a scenario, whose emulated runs are kept under a folder by its file's name."""
    kept, tcp = KeptRuns(folder=folder, name=Path(name).stem, digest=digest(planned)), planned.plan.tcp

    def measured() -> Machine:
        return measure() if tcp == OF_HOST else structs.replace(measure(), tcp=tcp)

    return Contract(kept=kept, chance=_has_chance(planned.scenario.declared()), run=run, measure=measured)


def images_of(
    planned: PlannedScenario, environment: Mapping[str, str], told: Told, version: str | None = None
) -> tuple[str, ...]:
    """Return what an emulated lab is made from, built where it is missing; raise HostError without an engine."""
    with runtimes.runtime(USUAL, environment) as its:
        return its.prepare(planned.plan, told, version=version).made_from


def this_machine() -> Machine:
    """Return this machine as it is now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Machine(when=now, cores=os.cpu_count() or 1, load=load(), tcp=congestion_control())


def load(file: Path = LOAD) -> float | None:
    """Return this machine's load over the last minute; None where the system does not say."""
    try:
        return float(file.read_text("utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def runner(
    scenario: str,
    environment: Mapping[str, str],
    told: Told,
    *,
    set: Mapping[str, str] = {},
    version: str | None = None,
    runs: Path | None = None,
) -> Runner:
    """Return what runs a scenario; run folders of simulated runs are not kept."""

    def run(runtime: str, seed: int) -> Judged:
        with tempfile.TemporaryDirectory() as folder:
            where = Path(folder) if runtime == SIMULATION else runs
            return labs.run(
                scenario,
                seed=seed,
                set=set,
                activemq_version=version,
                runs=where,
                environment=environment,
                runtime=runtime,
                progress=told,
            ).judged

    return run


def named(
    scenario: str,
    folder: Path,
    environment: Mapping[str, str],
    told: Told,
    *,
    set: Mapping[str, str] = {},
    version: str | None = None,
    runs: Path | None = None,
) -> tuple[PlannedScenario, Contract]:
    """Return a scenario by its name or path, and its contract on this machine."""
    planned = plan_named(scenario, environment, set=set, version=version)
    run = runner(scenario, environment, told, set=set, version=version, runs=runs)
    return planned, contract_of(planned, scenario, folder, run, this_machine)


def _tcp(run: Figures) -> str:
    return "" if run.machine is None else run.machine.tcp


def _is_apart(run: Figures) -> bool:
    return not is_modelled(_tcp(run))


def _is_outdated(run: Figures) -> bool:
    return run.rules != RULES


def _has_chance(declared: Any) -> bool:
    """Return whether a link has jitter or loss, at first or by a step, traffic is drawn, or a broker has a standby."""
    if isinstance(declared, dict):
        drawn = (
            declared.get("spread") == "exponential"
            or declared.get("deployment-mode") == DeploymentMode.ACTIVE_STANDBY_MULTI_AZ
        )
        return drawn or any(
            (key in _CHANCE and not _is_nothing(value)) or _has_chance(value) for key, value in declared.items()
        )
    return isinstance(declared, list) and any(map(_has_chance, declared))


def _is_nothing(value: object) -> bool:
    return str(value).rstrip("%mush") in ("", "0", "0.0", "None")

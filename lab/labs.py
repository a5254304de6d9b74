"""Labs for programs, notebooks and test suites: open one, reach one that is running, run a scenario in one, end one.

    from lab import labs

    with labs.up("tokyo-singapore") as lab:
        lab.cut()
        assert not lab.status().bridges[0].up

What is wrong is an error of `lab.errors`; what is remarkable goes to the log `lab`, unless a `progress` is handed in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.emulation.engine import engine
from lab.emulation.opening import close_lab, open_lab
from lab.emulation.prepare import prepare
from lab.folder import RunFolder
from lab.history import Header, HistoryFile
from lab.judge import Judged, Outcome, Report, judge_whole
from lab.living.service import Live, attach
from lab.replay import replay
from lab.report.files import keep
from lab.runtime import note as notes
from lab.runtime.note import note_folder
from lab.runtime.progress import Logged, Told
from lab.scenarios import Asked
from lab.units import several
from lab.version import __version__

__all__ = ["Live", "Ran", "attach", "down", "run", "up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A scenario that was run: its Report, and the folder that has everything about it."""

    judged: Judged
    folder: RunFolder

    @property
    def report(self) -> Report:
        """Return the verdicts, and the figures."""
        return self.judged.report

    @property
    def held(self) -> bool:
        """Return whether everything that the scenario expects held."""
        return self.report.outcome is Outcome.HELD


@contextmanager
def up(
    scenario: str | Path,
    *,
    seed: int | None = None,
    activemq_version: str | None = None,
    activemq_archive: Path | None = None,
    runs: Path | None = None,
    detach: bool = False,
    environment: Mapping[str, str] = os.environ,
    progress: Told | None = None,
) -> Iterator[Live]:
    """Open the lab of a scenario, by its path or the name of one that ships, without doing its steps.

    It is removed at the end of the block, also after an error in it; with `detach` it stays once it stands, until
    `down`.
    """
    told = progress or Logged()
    with ExitStack() as ending:
        with engine.explained():
            prepared = prepare(
                str(scenario),
                environment,
                told,
                seed=seed,
                version=activemq_version,
                archive=activemq_archive,
                runs=runs,
                detached=detach,
            )
            ending.callback(prepared.opening.client.close)
            lab = ending.enter_context(open_lab(prepared.asked.plan, prepared.opening, told))
            live = ending.enter_context(Live(lab, told))
        yield live


def run(
    scenario: str | Path,
    *,
    seed: int | None = None,
    activemq_version: str | None = None,
    activemq_archive: Path | None = None,
    runs: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    progress: Told | None = None,
) -> Ran:
    """Open a lab, replay the scenario in it, judge what happened, and remove the lab.

    A broken expectation is no error, but a verdict in the report.
    """
    told = progress or Logged()
    with engine.explained():
        prepared = prepare(
            str(scenario),
            environment,
            told,
            seed=seed,
            version=activemq_version,
            archive=activemq_archive,
            runs=runs,
            replaying=True,
        )
        asked, folder, name = prepared.asked, prepared.folder, prepared.opening.run
        with (
            closing(prepared.opening.client),
            open_lab(asked.plan, prepared.opening, told) as lab,
            HistoryFile(folder.history, _header(name, asked), asked.scenario.origin.mask) as history,
            told.stage(f"replay {several(len(asked.scenario.steps), 'step')}"),
        ):
            replay(asked.scenario, asked.plan, lab, history, run=name)
    judged = judge_whole(folder.history)
    keep(judged, folder)
    return Ran(judged=judged, folder=folder)


def down(run: str | None = None, *, environment: Mapping[str, str] = os.environ) -> int:
    """End a lab and remove everything of it; gives how many containers and networks that were. Its run folder stays."""
    folder = note_folder(environment)
    note = notes.chosen(notes.load_all(folder), run)
    with engine.explained(), closing(engine.connect(environment)) as client:
        return close_lab(client, note.run, Path(note.folder), folder)


def _header(run_id: str, asked: Asked) -> Header:
    scenario = asked.scenario
    return Header(
        run=run_id,
        scenario=scenario.scenario,
        seed=scenario.seed,
        runtime="emulation",
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        declared=scenario.declared(),
        mqlab=__version__,
        activemq={broker.name: broker.activemq_version for broker in asked.plan.brokers},
    )

"""run and judge: from a scenario, or from last week's history, to a report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lab import __version__
from lab.cli import asking, options, reports
from lab.cli.asking import Asked
from lab.cli.history import HISTORY, find
from lab.cli.options import ARCHIVE, JSON, QUIET, SCENARIO, SEED, VERSION, ending
from lab.cli.preparing import prepare
from lab.cli.reports import JUNIT, PAGE
from lab.folder import RunFolder
from lab.history import Header, HistoryFile
from lab.judge import judge_whole
from lab.replay import replay
from lab.report import document
from lab.runtime.emulation.opening import open_lab

FOLDER = Annotated[
    Path | None, typer.Option("--runs", metavar="DIR", help="Keep runs under this folder instead of .mqlab.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(ending(run))
    app.command(name="judge")(ending(judge_again))


def run(
    scenario: SCENARIO,
    seed: SEED = None,
    activemq_version: VERSION = None,
    activemq_archive: ARCHIVE = None,
    runs: FOLDER = None,
    page: PAGE = None,
    junit_file: JUNIT = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Open a lab, replay the scenario in it, judge what happened, and remove the lab.

    The run folder keeps report.json, report.html and report.junit.xml.
    """
    reports.writable(page, junit_file)
    progress = options.progress(quiet)
    prepared = prepare(
        scenario, progress, seed=seed, version=activemq_version, archive=activemq_archive, runs=runs, replaying=True
    )
    asked, folder, run_id = prepared.asked, prepared.folder, prepared.opening.run
    with (
        open_lab(asked.plan, prepared.opening, progress) as lab,
        HistoryFile(folder.history, _header(run_id, asked)) as history,
        progress.stage(f"replay {len(asked.scenario.steps)} steps"),
    ):
        replay(asked.scenario, asked.plan, lab, history, run=run_id)
    judged = judge_whole(folder.history)
    document.write(judged.report, folder.report)
    reports.write(judged, folder, page=folder.page, junit_file=folder.junit)
    reports.write(judged, folder, page=page, junit_file=junit_file)
    return reports.told(judged, folder, json=json, page=folder.page if page is None else page)


def judge_again(
    history: HISTORY = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="SCENARIO", help="Judge by this scenario's expectations.")
    ] = None,
    page: PAGE = None,
    junit_file: JUNIT = None,
    json: JSON = False,
) -> int:
    """Judge a history again, from the file alone; the page also shows the brokers' files that lie beside it."""
    reports.writable(page, junit_file)
    path = find(history)
    judged = judge_whole(path, asking.read(scenario).expect if scenario else None)
    folder = RunFolder(path=path.parent)
    reports.write(judged, folder, page=page, junit_file=junit_file)
    return reports.told(judged, folder, json=json, page=page)


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

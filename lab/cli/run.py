"""run and judge: a report from a scenario, or from an earlier history."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer

from lab.cli import options, reports, scenario_argument
from lab.cli.history import HISTORY, find
from lab.cli.options import ARCHIVE, JSON, QUIET, SCENARIO, SEED, SET, VERSION, ending
from lab.cli.reports import JUNIT, PAGE
from lab.declare.variants import settings_of
from lab.folder import RunFolder
from lab.judge import judge_whole
from lab.report.files import write

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
    set: SET = None,
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
    from lab import labs  # here, since judging needs no Docker, whose library is slow to load

    reports.check_writable(page, junit_file)
    ran = labs.run(
        scenario,
        seed=seed,
        set=settings_of(set or ()),
        activemq_version=activemq_version,
        activemq_archive=activemq_archive,
        runs=runs,
        progress=options.progress(quiet),
        raising=False,
    )
    with suppress(OSError) if ran.error is not None else nullcontext():  # the error itself counts
        write(ran.judged, ran.folder, page=page, junit_file=junit_file)
    if ran.error is not None:
        if not json:  # a program finds the report where the error says
            reports.print_report(ran.judged, ran.folder, json=False, page=None)
        raise ran.error
    return reports.print_report(ran.judged, ran.folder, json=json, page=ran.folder.page if page is None else page)


def judge_again(
    history: HISTORY = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="SCENARIO", help="Judge by this scenario's expectations.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="MARK", help="Only what came after this mark of a lab that stands.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="MARK", help="Only what came before this mark.")] = None,
    page: PAGE = None,
    junit_file: JUNIT = None,
    json: JSON = False,
) -> int:
    """Judge a history again, from the file alone; the page also shows the brokers' files that lie beside it."""
    reports.check_writable(page, junit_file)
    path = find(history)
    judged = judge_whole(path, scenario_argument.read(scenario).expect if scenario else None, since=since, until=until)
    folder = RunFolder(path=path.parent)
    write(judged, folder, page=page, junit_file=junit_file)
    return reports.print_report(judged, folder, json=json, page=page)

"""judge: a report from an earlier history."""

from __future__ import annotations

import os
from pathlib import Path

from lab.check.scenarios import applications, expectations
from lab.cli import reports
from lab.cli.history import HISTORY, find
from lab.cli.options import JSON, option
from lab.cli.reports import JUNIT, PAGE
from lab.judge import judge_whole
from lab.report.run_folder import RunFolder


def judge(
    history: str | None = HISTORY,
    scenario: str | None = option(
        "--scenario SCENARIO", "The scenario whose expectations are judged (default: the expectations of the run)."
    ),
    since: str | None = option("--from MARK", "The mark from which the history of a running lab is judged."),
    until: str | None = option("--to MARK", "The mark up to which the history of a running lab is judged."),
    page: Path | None = PAGE,
    junit_file: Path | None = JUNIT,
    json: bool = JSON,
) -> int:
    """Judge the history of a run again.

    With --html, the page also shows the brokers' files from the run folder.

    Example: mqlab judge --html report.html
    """
    reports.check_writable(page, junit_file)
    path = find(history)
    judged = judge_whole(
        path,
        expectations(scenario, os.environ) if scenario else None,
        since=since,
        until=until,
        clients=applications(scenario, os.environ) if scenario else None,
    )
    folder = RunFolder(path=path.parent)
    error = reports.unwritten(judged, folder, page=page, junit_file=junit_file)
    return reports.print_report(judged, folder, json=json, page=page if error is None else None, error=error)

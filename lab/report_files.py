"""What a judged run leaves in files: report.json, the page, JUnit XML."""

from __future__ import annotations

from pathlib import Path

from lab.folder import RunFolder
from lab.judge import Judged
from lab.report import document, html, junit


def keep(judged: Judged, folder: RunFolder) -> None:
    """Write all of it into the run folder."""
    document.write(judged.report, folder.report)
    write(judged, folder, page=folder.page, junit_file=folder.junit)


def write(judged: Judged, folder: RunFolder, *, page: Path | None, junit_file: Path | None) -> None:
    """Write the page and the JUnit file, whichever is asked for."""
    if junit_file is not None:
        junit.write(judged.report, judged.evidence.timeline.end, junit_file)
    if page is not None:
        files = html.Files(brokers=folder.broker_files(), scenario=folder.scenario_name() or "SCENARIO")
        html.write(judged, files, page)

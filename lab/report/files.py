"""The files of a judged run: report.json, the page, JUnit XML, the film."""

from __future__ import annotations

import os
from pathlib import Path

from lab.base import extras
from lab.base.shipped import shipped
from lab.base.text_files import is_file
from lab.declare.loading import load
from lab.judge import Judged
from lab.report import document, html, junit
from lab.report.run_folder import RunFolder
from lab.report.traces import traces


def keep(judged: Judged, folder: RunFolder) -> None:
    """Write all files into the run folder."""
    document.write(judged.report, folder.report)
    write(judged, folder, page=folder.page, junit_file=folder.junit)


def keep_film(judged: Judged, folder: RunFolder) -> None:
    """Write the film into the run folder, and the page again if it exists, since the page links the film."""
    extras.hook("write_film")(judged, folder.history, folder.film)
    if is_file(folder.page):
        write(judged, folder, page=folder.page, junit_file=None)


def write(judged: Judged, folder: RunFolder, *, page: Path | None, junit_file: Path | None) -> None:
    """Write the page and the JUnit file to the paths given; None writes no such file.

    Raise OSError, which names the path, if one cannot be written.
    """
    if junit_file is not None:
        junit.write(judged.report, judged.evidence.timeline.end, junit_file)
    if page is not None:
        brokers, scenario = folder.broker_files(), _scenario_name(folder)
        files = html.Files(brokers=brokers, scenario=scenario, film=_film(page, folder), traces=traces(judged))
        html.write(judged, files, page)


def _film(page: Path, folder: RunFolder) -> str:
    """Return the name of the run's film if it is beside the page, else ""."""
    beside = page.resolve().parent == folder.path.resolve() and is_file(folder.film)
    return folder.film.name if beside else ""


def _scenario_name(folder: RunFolder) -> str:
    """Return the argument that runs the scenario again: its name if it is shipped and unchanged, else its file."""
    file = folder.scenario_name()
    if file is None:
        return "SCENARIO"
    path = shipped("scenarios") / file
    if not path.is_file():
        return file
    its = folder.sources()
    if all(_is(path.parent / name, text) for name, text in its.items()):
        return path.stem  # most are, and to load it takes longer; what has passwords differs by their mask
    ships = {source.name: source.text for source in load(path, environment=os.environ).origin.sources}
    return path.stem if ships == its else file


def _is(file: Path, text: str) -> bool:
    return is_file(file) and file.read_text(encoding="utf-8") == text

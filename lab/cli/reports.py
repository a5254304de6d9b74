"""What run and judge do alike with a judged history: write what was asked for, tell it, and end with its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lab.cli import options
from lab.errors import InputError
from lab.folder import RunFolder
from lab.judge import Judged, Outcome
from lab.report import document, terminal

PAGE = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as an HTML page to FILE.")]
_SIGNS, _HEAD = (b"<!doctype html", b"<testsuite"), 1000  # what a report has within so many octets
JUNIT = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the report as JUnit XML to FILE.")]


def writable(*paths: Path | None) -> None:
    """Refuse a file that cannot be written, before anything else is done."""
    for path in paths:
        options.has_a_place(path)
        if path is not None and (path.is_symlink() or path.exists()) and not _is_a_report(path):
            raise InputError.of(f"{path} is there, and is no report", "name another file: this one would be lost")


def _is_a_report(path: Path) -> bool:
    """Return whether a file may be replaced: one that was written here before, or an empty one; no device, no link."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD).lower()
    return not head or any(sign in head for sign in _SIGNS)


def told(judged: Judged, folder: RunFolder, *, json: bool, page: Path | None) -> int:
    """Print the report and give the exit code."""
    report = judged.report
    if json:
        typer.echo(document.to_json(report).encode("utf-8", "backslashreplace"))  # as `write_text` does
    else:
        terminal.render(report, options.out(), folder=folder.path, page=page)
    return 0 if report.outcome is Outcome.HELD else 1

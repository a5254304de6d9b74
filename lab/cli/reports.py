"""The common end of run and judge: the files to write, the report to print, and the exit code."""

from __future__ import annotations

from pathlib import Path

from lab.cli import new_files, options
from lab.cli.options import flag, option
from lab.errors import HostError, InputError
from lab.judge import Judged, Outcome
from lab.report import document, terminal
from lab.report.files import keep_film, write
from lab.report.run_folder import RunFolder

LIVE_PAGE = flag(
    "--page",
    "Serve the live page of the lab until the lab ends, as `mqlab page` does; a simulation writes a film instead.",
)
PAGE = option("--html FILE", "The file that the report is written to as an HTML page.")
_SIGNS, _HEAD = (b"<!doctype html", b"<testsuite"), 1000  # one of the signs is in a report's first bytes
JUNIT = option("--junit FILE", "The file that the report is written to as JUnit XML.")


def check_writable(page: Path | None, junit_file: Path | None) -> None:
    """Raise InputError, before anything else is done, if a file cannot be written or is not a report.

    The folder of a JUnit file is made: CI may name a folder that does not exist yet.
    """
    if page is not None and junit_file is not None and page.resolve() == junit_file.resolve():
        raise InputError.of(f"--html and --junit would both write {page}", "name two different files")
    if junit_file is not None:
        try:
            junit_file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError.of(f"{junit_file.parent} cannot be made: {error.strerror}") from error
    for path in (page, junit_file):
        new_files.check_writable(path)
        if path is not None and (path.is_symlink() or path.exists()) and not is_a_report(path):
            raise InputError.of(f"{path} is there, and is not a report", "name another file: this file would be lost")


def unwritten(
    judged: Judged, folder: RunFolder, *, page: Path | None, junit_file: Path | None, film: bool = False
) -> HostError | None:
    """Write the page and the JUnit file, and return the error if one cannot be written; the verdicts are known anyway.

    With `film`, the run folder gets its film too.
    """
    what = []
    if film:
        try:
            keep_film(judged, folder)
        except OSError as error:
            what.append(f"{error.filename} cannot be written: {error.strerror}")
    for its_page, its_junit in ((page, None), (None, junit_file)):
        try:
            write(judged, folder, page=its_page, junit_file=its_junit)
        except OSError as error:
            what.append(f"{error.filename} cannot be written: {error.strerror}")
    return HostError("\n".join(what), "choose another place with --html and --junit") if what else None


def is_a_report(path: Path) -> bool:
    """Return whether a file may be replaced: it is a report or empty, and neither a device nor a symbolic link."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD).lower()
    return not head or any(sign in head for sign in _SIGNS)


def print_report(
    judged: Judged, folder: RunFolder, *, json: bool, page: Path | None, error: HostError | None = None
) -> int:
    """Print the report and return the exit code; `page` is the path of its HTML page, if there is one.

    `error` is printed after it: a file that could not be written.
    """
    report = judged.report
    if json:
        options.print_json(document.document(report))
    else:
        terminal.render(report, options.out(), folder=folder.path, page=page)
    if error is not None:
        options.complain(error)
        return error.exit_code
    return options.judged(passed=report.outcome is Outcome.PASSED)

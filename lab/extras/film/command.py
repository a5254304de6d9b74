"""film: a run as a page that plays it."""

from __future__ import annotations

from pathlib import Path

from lab.cli import options, reports
from lab.cli.history import HISTORY, find
from lab.cli.options import argument
from lab.errors import HostError
from lab.extras.film import page
from lab.judge import judge_whole
from lab.report.files import keep_film
from lab.report.run_folder import RunFolder


def film(
    run: str | None = HISTORY,
    file: Path | None = argument(
        "[FILE]", "The HTML file to write (default: film.html in the run folder, to which report.html then links)."
    ),
) -> None:
    """Write a film of a run: one HTML page that plays the run on the map of the network.

    The page needs no other file and no network. If the history is incomplete, the film ends where the history ends.

    Example: mqlab film latest film.html
    """
    history = find(run, "film")
    folder = RunFolder(path=history.parent)
    reports.check_writable(file or folder.film, None)
    judged = judge_whole(history)
    try:
        if file is None:
            keep_film(judged, folder)
        else:
            page.write(judged, history, file)
    except OSError as error:
        raise HostError(f"{error.filename} cannot be written: {error.strerror}", "name another FILE") from error
    options.say(f"film: {file or folder.film}")

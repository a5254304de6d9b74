"""logs: the log of a broker or of the router, of a running lab or as an ended run kept it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated

import typer

from lab.cli import completion, open_lab, options
from lab.cli.options import JSON
from lab.cli.run_folders import folder_of
from lab.errors import InputError
from lab.printable import plain_line
from lab.run_folder import RunFolder
from lab.runtime import state_file as state_files
from lab.suggestions import remedy
from lab.text_files import is_file, open_file

_LONGEST = 2**20  # bytes of a line that is printed at once


def logs(
    name: Annotated[
        str,
        typer.Argument(
            metavar="BROKER|router", help="The broker whose log is printed, or router.", autocompletion=completion.logs
        ),
    ],
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="The lab or ended run, by its run id (default: MQLAB_RUN, else the only running lab).",
            autocompletion=completion.runs,
        ),
    ] = None,
    tail: Annotated[
        int | None,
        typer.Option(
            "--tail", "-n", metavar="N", min=0, help="The number of last lines to print (default: all lines)."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines as they are written.")] = False,
    json: JSON = False,
) -> None:
    """Print the log of a broker or of the router.

    The log of an ended run is read from its run folder.

    Example: mqlab logs tokyo --tail 20
    """
    if run is not None and (kept := _of_ended(run)) is not None:
        lines = _kept(kept, name)
        _print(name, lines if tail is None else deque(lines, maxlen=tail), json)
        return
    with open_lab.attached(run) as live:
        _print(name, live.lab.logs(name, tail=tail, follow=follow), json)


def _of_ended(run: str) -> RunFolder | None:
    """Return the folder of a run that has kept its logs; None if a lab of that run is open, or there is none."""
    if state_files.fitting(state_files.noted(os.environ), run):
        return None
    with suppress(InputError):  # of a run that is not known here, what is running is told
        found = RunFolder(path=folder_of(run))
        return found if found.logs.is_dir() else None
    return None


def _kept(run: RunFolder, name: str) -> Iterator[str]:
    """Yield the lines of a log in a run folder; raise InputError, which lists the logs there, if it has none."""
    known = sorted(each.stem for each in run.logs.glob("*.log") if is_file(each) and not each.is_symlink())
    if name not in known:
        raise InputError.of(f'run {run.path.name} kept no log of "{name}"', remedy(name, known, "logs"))
    with open_file(run.logs / f"{name}.log", name) as file:
        while line := file.readline(_LONGEST):
            yield line.decode(errors="replace").removesuffix("\n").removesuffix("\r")


def _print(name: str, lines: Iterable[str], json: bool) -> None:
    for line in lines:
        if json:
            options.print_json_line({"from": name, "line": line})
        else:
            options.say(plain_line(line))

"""logs: the log of a broker, of the router or of a detached server, also as an ended run kept it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lab.base import extras
from lab.base.printable import plain_line
from lab.base.suggestions import remedy
from lab.base.text_files import is_file, open_file
from lab.cli import completion, open_lab, options
from lab.cli.chosen_run import folder_of
from lab.cli.options import JSON, argument, flag, option
from lab.errors import InputError
from lab.report.run_folder import RunFolder
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.state_file import note_folder

SERVER = "server"
_POLL_SECONDS = 0.2  # between two looks at a log that is followed
_LONGEST = 2**20  # bytes of a line that is printed at once


def logs(
    name: str = argument(
        "BROKER|router|server",
        "The log to print: a broker's name, router, or server for a detached mqlab serve.",
        complete=completion.logs,
    ),
    run: str | None = option(
        "--run RUN",
        "The lab or ended run, by its run id (default: MQLAB_RUN, else the only running lab).",
        complete=completion.runs,
    ),
    tail: int | None = option("--tail -n N", "The number of last lines to print (default: all lines).", min=0),
    follow: bool = flag("--follow -f", "Print new lines as they are written."),
    json: bool = JSON,
) -> None:
    """Print the log of a broker, of the router, or of a detached server.

    The log of an ended run is read from its run folder. For a server, RUN is the name of its account.

    Example: mqlab logs tokyo --tail 20
    """
    if name == SERVER and (log := _of_server(run)) is not None:
        _print(name, _written(log, tail, follow=follow), json)
        return
    if run is not None and (kept := _of_ended(run)) is not None:
        lines = _kept(kept, name)
        _print(name, lines if tail is None else deque(lines, maxlen=tail), json)
        return
    with open_lab.attached(run) as live:
        _print(name, live.lab.logs(name, tail=tail, follow=follow), json)


def _of_server(run: str | None) -> Path | None:
    """Return the log of an account's server, which may have ended; None if a lab is meant, or no server is known."""
    states = note_folder(os.environ)
    if any(
        SERVER in (each.name for each in note.plan.brokers)
        for note in state_files.fitting(state_files.noted(os.environ), run)
    ):
        return None
    logs: Mapping[str, Path] = extras.hook("server_logs")(states)
    found = [name for name in logs if run is None or name.startswith(run)]
    chosen = run if run in found else found[0] if len(found) == 1 else None
    if chosen is None and len(found) > 1:
        raise InputError.of("more than one account has a server's log", f"write --run with one of {', '.join(found)}")
    return None if chosen is None else logs[chosen]


def _written(log: Path, tail: int | None, *, follow: bool) -> Iterator[str]:
    """Yield the lines of a server's log, and new ones until the server has ended."""
    clock, account = RealClock(), log.parent.name
    with open_file(log, SERVER) as file:
        kept = _lines(file)
        yield from kept if tail is None else deque(kept, maxlen=tail)
        while follow:
            runs = any(each.run == account for each in extras.hook("servers")(note_folder(os.environ)))
            yield from _lines(file)
            if not runs:
                return
            clock.sleep(_POLL_SECONDS)


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
        yield from _lines(file)


def _lines(file: BinaryIO) -> Iterator[str]:
    while line := file.readline(_LONGEST):
        yield line.decode(errors="replace").removesuffix("\n").removesuffix("\r")


def _print(name: str, lines: Iterable[str], json: bool) -> None:
    for line in lines:
        if json:
            options.print_json_line({"from": name, "line": line})
        else:
            options.say(plain_line(line))

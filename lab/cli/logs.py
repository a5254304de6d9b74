"""logs: the log of a broker or of the router."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from lab.cli import options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.printable import plain_line
from lab.runtime import note as notes
from lab.runtime.note import Note, note_folder
from lab.runtimes import AllRuntimes


def logs(
    name: Annotated[str, typer.Argument(metavar="BROKER|router", help="Whose log.")],
    run: OF_RUN = None,
    tail: Annotated[int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last lines.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    json: JSON = False,
) -> None:
    """Print the log of a broker or of the router."""
    folder = note_folder(os.environ)
    with AllRuntimes(os.environ) as its:
        note = notes.choose([each for each in its.labs(folder) if isinstance(each, Note)], run)
        with its.of(note).attach(note, folder) as lab:
            for line in lab.logs(name, tail=tail, follow=follow):
                if json:
                    options.print_json_line({"from": name, "line": line})
                else:
                    options.say(plain_line(line))

"""A lab that is running, for the commands that look at it or change it: which one is meant, and whose turn it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from lab.cli import options
from lab.living.history import COMMAND
from lab.living.lab import Live, attach, refuse_replayed, warned
from lab.plan.control import Control
from lab.runtime import note as notes
from lab.runtime.note import Note, note_folder

OF_RUN = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Which lab; the only one when left out.")]


def noted(run: str | None) -> Note:
    """Return what is on file of a running lab, without asking anything of it."""
    return notes.choose(notes.load_all(note_folder(os.environ)), run)


def control(run: str | None) -> Control:
    """Return the service's side and the network of a running lab, as the last command left them."""
    return noted(run).control


@contextmanager
def looked_at(run: str | None, *, quiet: bool = False) -> Iterator[Live]:
    """Return a running lab, only to be asked."""
    with attach(run, environment=os.environ, progress=options.progress(quiet), by=COMMAND) as live:
        yield live


@contextmanager
def attended(run: str | None, *, quiet: bool = False) -> Iterator[Live]:
    """Return a running lab to change, when it is our turn: commands at the same time wait for each other."""
    refuse_replayed(noted(run))  # before an engine is asked for
    with looked_at(run, quiet=quiet) as live, live.turn():
        yield live


def attend(run: str, *, quiet: bool) -> None:
    """Do what a lab's windows and cut-short verbs ask for; what goes wrong is told, and the lab stands on."""
    with warned("do what was due or cut short", options.progress(quiet)), attended(run, quiet=quiet):
        pass  # what is left over is done before anything else, and there is nothing else

"""The running lab that a command is for: chosen by its run id, and changed in turns with other commands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.cli import options
from lab.cli.options import argument, option
from lab.declare.steps.base import Step
from lab.living.attach import attach, chosen
from lab.living.history import COMMAND
from lab.living.lab import Live, refuse_replayed
from lab.plan.control import Control
from lab.runtime.state_file import StateFile

OF_RUN = option("--run RUN", "The lab, by its run id (default: MQLAB_RUN, else the only running lab).")

BROKER = argument("BROKER", "The broker, by its name or its id.")


def load_note(run: str | None) -> StateFile:
    """Return the state file of a running lab, without a connection to the lab."""
    return chosen(run)


def control(run: str | None) -> Control:
    """Return the service's records and the network of a running lab, as the last command left them."""
    return load_note(run).control


@contextmanager
def attached(run: str | None, *, quiet: bool = False) -> Iterator[Live]:
    """Return a running lab for queries, outside a turn."""
    with attach(run, environment=os.environ, progress=options.progress(quiet), by=COMMAND) as live:
        yield live


@contextmanager
def in_turn(run: str | None, *, quiet: bool = False) -> Iterator[Live]:
    """Return a running lab to change, inside a turn: concurrent commands wait for each other."""
    refuse_replayed(load_note(run))  # before the engine is connected to
    with attached(run, quiet=quiet) as live, live.turn():
        yield live


@contextmanager
def doing(verb: Step, run: str | None) -> Iterator[Live]:
    """Do a verb to a running lab in a turn, and return the lab in it."""
    with in_turn(run) as live:
        live.do(verb)
        yield live

"""A lab that is running, for the commands that look at it or change it: which one is meant, and whose turn it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from lab.cli import options
from lab.errors import InputError, LabError
from lab.live import Live
from lab.operating import Control, opening_control
from lab.runtime.emulation import engine
from lab.runtime.emulation import state as states
from lab.runtime.emulation.lab import EmulatedLab
from lab.runtime.emulation.state import LabState, state_folder
from lab.runtime.emulation.turns import turn

OF_RUN = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Which lab; the only one when left out.")]


def chosen(known: tuple[LabState, ...], run: str | None) -> LabState:
    """Give the lab that is meant by a run id, its beginning or its end; InputError with all there are."""
    fitting = [state for state in known if run is None or state.run.startswith(run) or state.run.endswith(run)]
    if len(fitting) == 1:
        return fitting[0]
    running = "\n".join(f"{state.run}  {state.scenario}" for state in known)
    if not known:
        raise InputError.of("no lab is running", "mqlab up SCENARIO opens one")
    if not fitting:
        raise InputError.of(f'no lab "{run}" is running', f"running:\n{running}")
    raise InputError.of("more than one lab is running: say which", running)


def noted(run: str | None) -> LabState:
    """Give what is on file of a running lab, without asking anything of it."""
    return chosen(states.load_all(state_folder(os.environ)), run)


def control(run: str | None) -> Control:
    """Give the service's side and the network of a running lab, as the last command left them."""
    return control_of(noted(run))


def control_of(state: LabState) -> Control:
    """Give the service's side of a lab; what a replay does to its own is the replay's."""
    return state.control or opening_control(state.plan, datetime.now(UTC))


@contextmanager
def looked_at(run: str | None) -> Iterator[Live]:
    """Give a running lab, only to be asked."""
    with _reached(noted(run)) as live:
        yield live


@contextmanager
def attended(run: str | None, *, quiet: bool = False) -> Iterator[Live]:
    """Give a running lab to change, when it is our turn: commands at the same time wait for each other.

    What an interrupted command has left half-done is done first, and maintenance windows that have opened since.
    """
    folder = state_folder(os.environ)
    meant = chosen(states.load_all(folder), run)
    if meant.replaying:
        raise InputError.of(
            f"lab {meant.run} belongs to a mqlab run, whose scenario alone changes it",
            "write it as a step; or open a lab to change by hand: mqlab up SCENARIO",
        )
    with turn(meant.run, folder, lambda: options.err().print(f"another command has lab {meant.run}: waiting for it")):
        state = states.load(meant.run, folder)  # as whoever had it before has left it
        if state is None:
            states.forget(meant.run, folder)
            raise InputError.of(f"lab {meant.run} has ended meanwhile", "mqlab status shows those that are running")
        with _reached(state) as live:
            _catch_up(live, quiet=quiet)
            yield live


def attend_windows(run: str, *, quiet: bool) -> None:
    """Do what a lab's maintenance windows ask for; what goes wrong is told, and the lab stands on."""
    with _warned("attend to a maintenance window"), attended(run, quiet=quiet):
        pass  # what is left over is done before anything else, and there is nothing else


def _catch_up(live: Live, *, quiet: bool = False) -> None:
    """Do what is left over; what fails is told, and does not keep a command from mending it."""
    with _warned("have the router do what is on file"):
        live.agree()
    for what, broker in live.interrupted():
        with _told(f"end the {what} of {broker} that was interrupted", quiet):
            live.resume(broker)
    for broker in live.due():
        with _told(f"reboot {broker}, whose maintenance window has opened", quiet):
            live.reboot(broker)


@contextmanager
def _told(stage: str, quiet: bool) -> Iterator[None]:
    with _warned(stage), options.progress(quiet).stage(stage):
        yield


@contextmanager
def _warned(stage: str) -> Iterator[None]:
    try:
        yield
    except (LabError, *engine.ENGINE_TROUBLE) as error:
        options.err().print(f"[yellow]warning:[/yellow] could not {escape(f'{stage}: {error}')}", soft_wrap=True)


@contextmanager
def _reached(state: LabState) -> Iterator[Live]:
    lab = EmulatedLab(engine.connect(os.environ), state, state_folder=state_folder(os.environ))
    try:
        yield Live(lab)
    finally:
        lab.let_go()

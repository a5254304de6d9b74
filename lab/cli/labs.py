"""up, down, status, logs, sweep: labs that stay for a while."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lab import labs
from lab.cli import open_lab, options, status_text
from lab.cli.open_lab import OF_RUN
from lab.cli.options import ARCHIVE, JSON, QUIET, RUN, SCENARIO, SEED, VERSION, ending, json_line
from lab.cli.run import FOLDER
from lab.emulation.engine import engine, logs, sweeping
from lab.emulation.opening import close_lab
from lab.emulation.state import gone
from lab.emulation.watch.status import look
from lab.errors import InputError
from lab.living.windows import stand
from lab.runtime import note as notes
from lab.runtime.note import note_folder
from lab.runtime.owner import Owner
from lab.runtime.turns import forget_strays


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(ending(up))
    app.command()(ending(down))
    app.command()(ending(status))
    app.command(name="logs")(ending(show_logs))
    app.command()(ending(sweep))


def up(
    scenario: SCENARIO,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave the lab running; `mqlab down` ends it.")
    ] = False,
    seed: SEED = None,
    activemq_version: VERSION = None,
    activemq_archive: ARCHIVE = None,
    runs: FOLDER = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Open the scenario's lab and leave it to you: no message is sent. Ctrl-C ends it.

    Maintenance windows are attended to as they open, and a reboot that was cut short is ended.
    """
    opened = labs.up(
        scenario,
        seed=seed,
        activemq_version=activemq_version,
        activemq_archive=activemq_archive,
        runs=runs,
        detach=detach,
        progress=options.progress(quiet),
    )
    with opened as live:
        note, state = live.lab.note, live.lab.state
        if json:
            options.print_json(status_text.endpoints(note, state))
        else:
            status_text.show_endpoints(note, state, options.out())
        if detach:
            options.err().print(
                f"\nThe lab stays. See it: mqlab status {note.run}   End it: mqlab down {note.run}", soft_wrap=True
            )
            return 0
        options.err().print("\nThe lab is up. Ctrl-C ends it.")
        try:
            stand(
                note.run,
                note_folder(os.environ),
                live.lab.clock,
                lambda: datetime.now(UTC),
                lambda: open_lab.attend(note.run, quiet=quiet),
            )
            options.err().print("the lab has been ended by another command")
        except KeyboardInterrupt:
            options.err().print("ending the lab")
    return 0


def down(
    run: RUN = None,
    every: Annotated[bool, typer.Option("--all", help="Every lab of yours.")] = False,
    json: JSON = False,
) -> int:
    """End a lab and remove everything of it."""
    client = engine.connect(os.environ)
    known = notes.load_all(note_folder(os.environ))
    ended = list(known) if every else [notes.chosen(known, run)]
    removed = {}
    for note in ended:
        removed[note.run] = close_lab(client, note.run, Path(note.folder), note_folder(os.environ))
    if json:
        options.print_json(removed)
    else:
        for name, count in removed.items():
            typer.echo(f"lab {name} has ended: {count} containers and networks removed")
        if not removed:
            typer.echo("no lab is running")
    return 0


def status(run: RUN = None, json: JSON = False) -> int:
    """Show a lab: brokers, both ends of each bridge, links as configured and as measured."""
    client = engine.connect(os.environ)
    known = notes.load_all(note_folder(os.environ))
    if run is None and not known:
        if json:
            options.print_json([])
        else:
            typer.echo("no lab is running")
        return 0
    chosen = known if run is None else (notes.chosen(known, run),)
    seen = [look(client, note) for note in chosen]
    if json:
        options.print_json([status_text.to_dict(each) for each in seen])
    else:
        for each in seen:
            status_text.show(each, options.out())
    return 0


def show_logs(
    name: Annotated[str, typer.Argument(metavar="BROKER|router", help="Whose log.")],
    run: OF_RUN = None,
    tail: Annotated[int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last lines.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    json: JSON = False,
) -> int:
    """Print the log of a broker or of the router."""
    client = engine.connect(os.environ)
    note = notes.chosen(notes.load_all(note_folder(os.environ)), run)
    there = dict(logs.containers(client, note.run))
    if name not in there:
        raise InputError.of(f'lab {note.run} has nothing named "{name}"', f"it has: {', '.join(there)}")
    for line in logs.follow(there[name], tail=tail, follow=follow):
        if json:
            typer.echo(json_line({"from": name, "line": line}))
        else:
            typer.echo(line)
    return 0


def sweep(
    every: Annotated[bool, typer.Option("--all", help="Also labs that are still alive, whoever opened them.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Remove what dead runs left behind, by label only."""
    client = engine.connect(os.environ)
    here = Owner.current()
    folder = note_folder(os.environ)
    known = notes.load_all(folder)  # before the engine is asked: what is on file then is on its engine, or gone
    found = sweeping.find(client)
    wanted = [each for each in found if every or each.is_left_behind(here)]
    for each in wanted:
        if not dry_run:
            sweeping.remove(client, each.run)
            notes.forget(each.run, folder)
    if not dry_run:
        runs = {each.run for each in found}
        for run in gone(known, runs, engine.identity(client), here):
            notes.forget(run, folder)
        notes.forget_parts(folder)
        forget_strays(folder, runs)
    if json:
        options.print_json(
            [
                {"run": each.run, "created": each.created, "containers": each.containers, "networks": each.networks}
                | ({"volumes": each.volumes} if each.volumes else {})
                for each in wanted
            ]
        )
        return 0
    for each in wanted:
        verb = "would remove" if dry_run else "removed"
        stores = f", {each.volumes} stores of pairs" if each.volumes else ""
        typer.echo(f"{verb} lab {each.run}: {each.containers} containers, {each.networks} networks{stores}")
    alive = len(found) - len(wanted)
    if not quiet:
        typer.echo(
            f"{len(wanted)} left behind, {alive} alive" + (" (mqlab sweep --all removes those too)" if alive else "")
        )
    return 0

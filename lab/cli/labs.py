"""up, down, status, logs, sweep: labs that stay open."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from lab import labs
from lab.cli import options, status_text
from lab.cli.open_lab import OF_RUN
from lab.cli.options import ARCHIVE, JSON, QUIET, RUN, SCENARIO, SEED, SET, VERSION, ending
from lab.cli.run import FOLDER
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.living.attach import attend
from lab.living.ending import end
from lab.living.history import COMMAND, end_history
from lab.living.windows import stand
from lab.printable import plain_line
from lab.runtime import note as notes
from lab.runtime.note import Note, note_folder
from lab.runtime.runtime import Lost
from lab.runtime.status import Status
from lab.runtimes import AllRuntimes


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
    set: SET = None,
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
        set=settings_of(set or ()),
        activemq_version=activemq_version,
        activemq_archive=activemq_archive,
        runs=runs,
        detach=detach,
        progress=options.progress(quiet),
        by=COMMAND,
    )
    with opened as live:
        note, where = live.lab.note, live.lab.whereabouts()
        if json:
            options.print_json(status_text.endpoints(note, where))
        else:
            status_text.show_endpoints(note, where, options.out())
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
                lambda: attend(note.run, options.progress(quiet), by=COMMAND),
            )
            options.err().print("another command has ended the lab, or its note is lost: what is left of it is removed")
        except KeyboardInterrupt:
            options.err().print("ending the lab")
    return 0


def down(
    run: RUN = None,
    every: Annotated[bool, typer.Option("--all", help="Every lab of yours.")] = False,
    json: JSON = False,
) -> int:
    """End a lab and remove everything of it."""
    folder = note_folder(os.environ)
    with AllRuntimes(os.environ) as its:
        known = its.labs(folder)
        ended = known if every else (notes.choose(known, run),)
        removed = {each.run: end(each, its.of(each), folder) for each in ended}
    _warn(remark for removal in removed.values() for remark in removal.remarks)
    if json:
        options.print_json({name: removal.parts for name, removal in removed.items()})
    else:
        for name, removal in removed.items():
            options.say(f"lab {name} has ended: {removal.parts} containers and networks removed")
        if not removed:
            options.say("no lab is running")
    return 0


def status(run: RUN = None, json: JSON = False) -> int:
    """Show a lab: brokers, both ends of each bridge, links as configured and as measured."""
    folder = note_folder(os.environ)
    seen: list[Status] = []
    lost: list[Lost] = []
    with AllRuntimes(os.environ) as its:
        known = its.labs(folder)
        for each in known if run is None else (notes.choose(known, run),):
            if isinstance(each, Lost):
                lost.append(each)
                continue
            with its.of(each).attach(each, folder) as lab:
                seen.append(lab.status())
    if json:
        options.print_json([*map(status_text.to_dict, seen), *map(status_text.lost_to_dict, lost)])
    else:
        for its_status in seen:
            status_text.show(its_status, options.out())
        for each in lost:
            status_text.show_lost(each, options.out())
        if not seen and not lost:
            options.say("no lab is running")
    return 0


def show_logs(
    name: Annotated[str, typer.Argument(metavar="BROKER|router", help="Whose log.")],
    run: OF_RUN = None,
    tail: Annotated[int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last lines.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    json: JSON = False,
) -> int:
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
    return 0


def sweep(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A whole run id: everything of that one lab, alive or not.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also labs that are still alive, whoever opened them.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Remove what dead runs left behind, or what is there of one run, by label only."""
    if run is not None and every:
        raise InputError.of("one run, or --all", "--all ends every lab on the engine, also those of others")
    folder = note_folder(os.environ)
    known = notes.load_all(folder)
    with AllRuntimes(os.environ) as its:
        swept = its.sweep(folder, run=run, every=every, dry_run=dry_run)
    for note in known:
        if notes.write_token(note.run, folder) is None:
            end_history(note, complete=False, note_of_it="the lab was swept away")
    _warn(swept.remarks)
    if json:
        options.print_json([{"run": each.run, "created": each.created, **each.counts} for each in swept.removed])
        return 0
    for each in swept.removed:
        options.say(f"{'would remove' if dry_run else 'removed'} lab {each.run}: {each.words}")
    if not quiet and run is None:
        more = " (mqlab down ends a lab of yours)" if swept.alive else ""
        options.say(f"{len(swept.removed)} left behind, {swept.alive} alive{more}")
    return 0


def _warn(remarks: Iterable[str]) -> None:
    for each in remarks:
        options.progress(quiet=True).warn(each)

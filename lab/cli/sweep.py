"""sweep: the removal of containers, networks and files that labs left behind."""

from __future__ import annotations

import os
from datetime import timedelta

from lab.cli import completion, options
from lab.cli.client_options import seconds
from lab.cli.options import JSON, QUIET, argument, flag, option
from lab.living.history import end_history
from lab.operating.runtimes import AllRuntimes
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Sweep
from lab.runtime.state_file import note_folder


def sweep(
    run: str | None = argument(
        "[RUN]",
        "The full run id of a lab; all its parts are removed, even if the lab is running.",
        None,
        complete=completion.labs,
    ),
    every: bool = flag("--all", "Remove all labs of all users, also running labs."),
    older_than: str | None = option(
        "--older-than AGE",
        "Remove all labs that are at least this old, for example 2h, of all users, even if they run.",
    ),
    dry_run: bool = flag("--dry-run", "Print the parts that would be removed, and keep them."),
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Remove the remains of dead runs, or all parts of one run, by their labels.

    Example: mqlab sweep --dry-run
    """
    age = None if older_than is None else timedelta(seconds=seconds("--older-than", older_than))
    folder = note_folder(os.environ)
    known = state_files.load_all(folder)
    with AllRuntimes(os.environ) as its:
        swept = its.sweep(folder, Sweep(run=run, every=every, older_than=age, dry_run=dry_run))
    for note in known:
        if state_files.write_token(note.run, folder) is None:
            end_history(note, complete=False, note_of_it="the lab was swept away")
    options.warn_of_each(swept.warnings)
    if json:
        options.print_json([{"run": each.run, "created": each.created, **each.counts} for each in swept.removed])
        return
    for each in swept.removed:
        options.say(f"{'would remove' if dry_run else 'removed'} lab {each.run}: {each.text}")
    if not quiet and run is None:
        more = " (mqlab down ends a lab of yours)" if swept.alive else ""
        which = "left behind" if age is None else f"older than {older_than}"
        options.say(f"{len(swept.removed)} {which}, {swept.alive} {'alive' if age is None else 'younger'}{more}")

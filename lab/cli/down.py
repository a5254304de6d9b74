"""down, sweep: the end of labs and of servers, and the removal of the remains of labs."""

from __future__ import annotations

import os
from datetime import timedelta

from lab.cli import options
from lab.cli.client_options import seconds
from lab.cli.open_servers import end_servers, is_server, labs_and_servers
from lab.cli.options import BY_OPTION, JSON, QUIET, RUN, argument, flag, option
from lab.living.ending import end_each
from lab.living.history import end_history
from lab.operating.runtimes import AllRuntimes
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost, Sweep
from lab.runtime.state_file import StateFile, note_folder


def down(
    run: str | None = RUN,
    every: bool = flag("--all", "Remove all your labs."),
    json: bool = JSON,
    by_option: str | None = BY_OPTION,
) -> None:
    """Remove a running lab, or end a server that `mqlab serve` started.

    Example: mqlab down
    """
    run = options.one_run(run, by_option)
    folder = note_folder(os.environ)
    with AllRuntimes(os.environ) as its:
        known = labs_and_servers(its, folder, run)
        if run is None:
            theirs = {each.lab() for each in known if is_server(each)}
            known = [each for each in known if is_server(each) or each.run not in theirs]
        chosen = known if every else (state_files.choose(known, run, os.environ),)
        # Servers before labs, of which one may be a server's own.
        ended, failed = end_servers(chosen)
        removed, others = end_each((each for each in chosen if isinstance(each, StateFile | Lost)), its.of, folder)
        failed += others
    options.warn_of_each(warning for removal in removed.values() for warning in removal.warnings)
    lines = [f"lab {name} has ended: {its.parts} containers and networks removed" for name, its in removed.items()]
    lines += ended.values()
    parts = dict.fromkeys(ended, 0) | {name: removal.parts for name, removal in removed.items()}
    if removed or ended or not failed:
        options.show(parts, lines or ["no lab is running"], json)
    for other in failed[1:]:
        options.complain(other)
    if failed:
        raise failed[0]


def sweep(
    run: str | None = argument(
        "[RUN]", "The full run id of a lab; all its parts are removed, even if the lab is running."
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
    with AllRuntimes(os.environ) as all_runtimes:
        swept = all_runtimes.sweep(folder, Sweep(run=run, every=every, older_than=age, dry_run=dry_run))
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

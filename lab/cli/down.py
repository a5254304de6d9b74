"""down: the end of labs, and of servers."""

from __future__ import annotations

import os

from lab.cli import options
from lab.cli.open_servers import end_servers, is_server, labs_and_servers
from lab.cli.options import BY_OPTION, JSON, RUN, flag
from lab.living.ending import end_each
from lab.operating.runtimes import AllRuntimes
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost
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

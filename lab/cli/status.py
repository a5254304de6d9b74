"""status: labs as they are now, once or again and again."""

from __future__ import annotations

import os

from lab.cli import options, status_text
from lab.cli.client_options import seconds
from lab.cli.open_servers import OpenServer, labs_and_servers
from lab.cli.options import BY_OPTION, JSON, RUN, flag, option
from lab.errors import InputError
from lab.living import monitor_process
from lab.operating.runtimes import AllRuntimes
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost
from lab.runtime.state_file import StateFile, note_folder
from lab.runtime.status import Status

_SHORTEST = 0.2  # seconds between two looks, each of which asks all brokers and the router


def status(
    run: str | None = RUN,
    watch: bool = flag("--watch -w", "Updates of one lab's status, with the latest events, until Ctrl-C."),
    interval: str | None = option("--interval TIME", "The time between two updates of --watch (default: 2s)."),
    json: bool = JSON,
    by_option: str | None = BY_OPTION,
) -> None:
    """Show a running lab with its bridges and links, or a server that `mqlab serve` started.

    Example: mqlab status
    """
    run = options.one_run(run, by_option)
    if watch:
        _watch(run, seconds("--interval", interval or "2s"))
        return
    folder = note_folder(os.environ)
    seen: list[Status] = []
    lost: list[Lost] = []
    served: list[OpenServer] = []
    for note in state_files.fitting(state_files.load_all(folder), run):
        if monitor_process.start(note, os.environ):
            options.progress(quiet=json).warn(f"lab {note.run} had no monitor process: another one is started")
    with AllRuntimes(os.environ) as its:
        known = labs_and_servers(its, folder, run)
        for each in known if run is None else (state_files.choose(known, run, os.environ),):
            if isinstance(each, Lost):
                lost.append(each)
                continue
            if not isinstance(each, StateFile):
                served.append(each)
                continue
            with its.of(each).attach(each, folder) as lab:
                seen.append(lab.status())
    if json:
        options.print_json(
            [
                *map(status_text.to_dict, seen),
                *map(status_text.lost_to_dict, lost),
                *(each.to_dict() for each in served),
            ]
        )
    else:
        for its_status in seen:
            status_text.show(its_status, options.out())
        for each in lost:
            status_text.show_lost(each, options.out())
        for line in (line for each in served for line in each.lines()):
            options.say(line)
        if not seen and not lost and not served:
            options.say("no lab is running")


def _watch(run: str | None, interval: float) -> None:
    if interval < _SHORTEST:
        what = f"--interval: {interval:g} s is too short, since each update queries all brokers"
        raise InputError.of(what, f"write {_SHORTEST:g}s or longer")
    from lab.cli import open_lab, status_watch

    with open_lab.attached(run) as live:
        status_watch.watch(live, interval)

"""status: labs as they are now."""

from __future__ import annotations

import os

from lab.cli import options, status_text
from lab.cli.options import JSON, RUN
from lab.runtime import note as notes
from lab.runtime.note import note_folder
from lab.runtime.runtime import Lost
from lab.runtime.status import Status
from lab.runtimes import AllRuntimes


def status(run: RUN = None, json: JSON = False) -> None:
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

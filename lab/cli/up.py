"""up: a lab opened, and left to a person."""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from lab import labs
from lab.base import extras
from lab.base.interrupts import until_a_signal
from lab.cli import options, status_text
from lab.cli.options import (
    ARCHIVE,
    FOLDER,
    JSON,
    PORT_BASE,
    QUIET,
    RUNTIME,
    SCENARIO,
    SEED,
    SET,
    VERSION,
    WAIT,
    flag,
    option,
)
from lab.cli.reports import LIVE_PAGE
from lab.cli.scenario_argument import check_file
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.living.attach import attend
from lab.living.history import COMMAND
from lab.living.windows import stand
from lab.operating import runtimes
from lab.runtime.runtime import AWS, LOCAL, checked_endpoints
from lab.runtime.state_file import note_folder


def up(
    scenario: str = SCENARIO,
    detach: bool = flag("--detach -d", "Leave the lab running in the background; `mqlab down` removes it."),
    seed: int | None = SEED,
    set: list[str] | None = SET,
    runtime: str | None = RUNTIME,
    activemq_version: str | None = VERSION,
    activemq_archive: Path | None = ARCHIVE,
    runs: Path | None = FOLDER,
    port_base: int | None = PORT_BASE,
    observe: list[str] | None = option(
        "--observe PATTERN",
        "The destinations whose messages the brokers record for `mqlab trace`, such as orders.> (repeatable).",
    ),
    wait: str | None = WAIT,
    api: bool = flag("--api", "Serve the lab to AWS's own clients, as `mqlab serve` does, until the lab ends."),
    endpoints: str | None = option(
        "--endpoints NAME",
        "The addresses of brokers: aws, for names and ports of AWS, or local, for ports of localhost "
        "(default: aws with --api, else local).",
    ),
    page: bool = LIVE_PAGE,
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Open a lab for a scenario or a topology, and keep the lab until Ctrl-C; no steps are run.

    In each maintenance window, mqlab applies the pending changes. If the program that began a reboot has ended before
    it, mqlab completes the reboot.

    Example: mqlab up tokyo-singapore --detach
    """
    chosen = runtime or runtimes.usual(os.environ)
    if chosen in runtimes.RUNTIMES and chosen not in runtimes.STANDING:
        check_file(scenario)
        raise InputError.of(
            f"a lab of the runtime {chosen} has no ports, and other commands could not reach it",
            f"write --runtime emulation for a real lab; mqlab run {scenario} runs the steps in a simulation",
        )
    its_endpoints = checked_endpoints(endpoints or (AWS if api else LOCAL))
    # Asked for before the lab opens, since their libraries may not be installed.
    page_beside = extras.hook("page_beside") if page else None
    api_of_a_lab = extras.hook("api_of_a_lab") if api else None
    opened = labs.up(
        scenario,
        seed=seed,
        set=settings_of(tuple(set or ())),
        observe=observe or (),
        runtime=chosen,
        activemq_version=activemq_version,
        activemq_archive=activemq_archive,
        runs=runs,
        port_base=port_base,
        environment=options.waiting(wait),
        detach=detach,
        progress=options.progress(quiet),
        by=COMMAND,
        endpoints=its_endpoints,
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
            return
        options.err().print("\nThe lab is up. Ctrl-C ends it.")
        door = (
            nullcontext()
            if api_of_a_lab is None
            else api_of_a_lab(note.run, options.progress(quiet), endpoints=its_endpoints, quiet=quiet)
        )
        shown = nullcontext() if page_beside is None else page_beside(note.run)
        with until_a_signal(KeyboardInterrupt) as came, door, shown:
            stand(
                note.run,
                note_folder(os.environ),
                live.lab.clock,
                lambda: datetime.now(UTC),
                lambda: attend(note.run, options.progress(quiet), by=COMMAND),
            )
            options.err().print("another command has ended the lab, or its state file is lost: its remains are removed")
        if came:
            options.err().print("ending the lab")

"""contract: a scenario on both runtimes, and how far the models are from real brokers."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer
from msgspec import to_builtins

from lab.cli import options
from lab.cli.options import FOLDER, JSON, QUIET, SCENARIO, SET, VERSION
from lab.declare.variants import settings_of
from lab.run_folder import home

_TIMES = "How many emulated runs; those that are kept are not made again."


def contract(
    scenario: SCENARIO,
    times: Annotated[int, typer.Option("--times", metavar="N", min=1, max=1000, help=_TIMES)] = 10,
    set: SET = None,
    activemq_version: VERSION = None,
    runs: FOLDER = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Run a scenario with real brokers several times, simulate it, and say how far models are from them.

    Ends with 0 if something is compared and all of it agrees.
    """
    from lab.contract import contract as room  # here, since it loads the runtimes
    from lab.contract import text

    told, quietly = options.progress(quiet), options.progress(True)
    folder = (runs or home(os.environ)) / "contract"
    settings = settings_of(set or ())
    planned, its = room.named(scenario, folder, os.environ, quietly, set=settings, version=activemq_version, runs=runs)
    with told.stage("simulate"):  # first: what has no model is refused before any broker starts
        simulated = tuple(its.simulate())
    images = room.images_of(planned, os.environ, quietly, activemq_version)
    missing = its.missing(times, images)
    for seed in missing:
        with told.stage(f"emulate, seed {seed}"):
            its.emulate(seed, images)
    found = its.compared(simulated, images)
    options.show(
        {
            "scenario": found.name,
            "agrees": found.agrees,
            "emulated": to_builtins(found.emulated),
            "apart": to_builtins(found.apart),
            "outdated": to_builtins(found.outdated),
            "simulated": to_builtins(found.simulated),
            "rows": [asdict(row) for row in found.rows],
        },
        text.lines(found),
        json,
    )
    return 0 if found.agrees else 1

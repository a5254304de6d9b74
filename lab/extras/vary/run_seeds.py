"""One scenario at many seeds in the simulation: how many of them passed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from lab.base.printable import shown
from lab.cli import conflicts, options
from lab.declare.variants import settings_of
from lab.errors import InputError, LabError
from lab.operating import runtimes

if TYPE_CHECKING:
    from lab.cli.run import RunOptions

_MOST_SEEDS = 1000


def run_seeds(scenarios: Sequence[str], given: RunOptions) -> int:
    """Run a scenario at each seed, and print the number of passed runs and the verdicts of each expectation.

    Return 0 if all passed, 1 if one did not, and the exit code of a run that ended with an error.
    """
    from lab.cli.progress import bar
    from lab.extras.vary.combinations import Grid, seeds_of
    from lab.extras.vary.processes import Processes, cores
    from lab.extras.vary.row import Row
    from lab.extras.vary.seeds import document, lines
    from lab.extras.vary.texts import look
    from lab.extras.vary.varying import rows_of, variation

    seeds = given.seeds or ""
    numbers = seeds_of(seeds)
    _check(scenarios, given, numbers[0])
    if len(numbers) > _MOST_SEEDS:
        what = f"--seeds {shown(seeds, 40)} has {len(numbers):,} seeds; the maximum is {_MOST_SEEDS:,}"
        raise InputError.of(what, "use mqlab vary with --yes, which has the same --set and --ignore")
    grid = Grid(values={key: (value,) for key, value in settings_of(given.set or ()).items()}, seeds=numbers)
    looked = look(scenarios[0], grid, os.environ, ignored=given.ignore or ())
    options.warn_of_each(looked.warnings)
    rows: list[Row] = []
    ended: BaseException | None = None
    slots = given.jobs or cores()
    try:
        with (
            Processes(min(slots, grid.count)) as executor,
            closing(rows_of(looked, grid, executor, slots, None)) as found,
            bar(options.err(), grid.count, given.quiet) as advance,
        ):
            for row in found:
                rows.append(row)
                advance()
    except (KeyboardInterrupt, SystemExit, LabError) as error:
        if not rows:
            raise
        ended = error  # what is done is told
    its = variation(looked, grid, rows)
    options.show(document(its), lines(its), given.json)
    if ended is not None:
        options.warn_of_each([f"{len(rows)} of {grid.count} seeds were run"])
        raise ended
    return max((row.exit_code for row in rows), default=0) or options.judged(passed=its.passed)


def _check(scenarios: Sequence[str], given: RunOptions, first: int) -> None:
    """Raise InputError for options that do not go with many seeds."""
    name = runtimes.usual(os.environ) if given.runtime is None else given.runtime
    if name == runtimes.USUAL:
        what = "--seeds is for the simulation: with real brokers, chance differs in each run with the same seed"
        raise InputError.of(
            what, f"add --runtime {runtimes.SIMULATION}, or write --seed {first} for one run with real brokers"
        )
    runtimes.runtime(name, os.environ)
    if len(scenarios) > 1:
        raise InputError.of("--seeds is for one scenario", "run each scenario by a command of its own")
    conflicts.check("run", given.written(), "many-seeds", seed=first)

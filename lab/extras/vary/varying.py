"""The way from a scenario's name and the values of its keys to a Variation, for commands and programs alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial

from lab.errors import InputError
from lab.extras.vary.combinations import Grid, check_values
from lab.extras.vary.labels import Labels
from lab.extras.vary.processes import Processes, cores
from lab.extras.vary.row import Row
from lab.extras.vary.run_all import run_all
from lab.extras.vary.run_one import run_one
from lab.extras.vary.table import Variation
from lab.extras.vary.texts import Looked, look
from lab.runtime.progress import Logged

AT_ONCE = 256  # runs that an executor has at most, of which nobody knows how many it does at a time


def run(
    scenario: str | os.PathLike[str],
    *,
    set: Mapping[str, Sequence[object]] = {},
    seeds: Iterable[int] | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    limit: timedelta | None = None,
    ignore: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
    each: Callable[[Row], object] | None = None,
) -> Variation:
    """Run every combination of values and seeds in the simulation, and return a row for each.

    `set` has the values of each KEY, as `mqlab run --set` takes them. Runs go to `executor`, which is left open, or
    else to as many processes as there are cores, or `jobs`. `limit` is of each run's virtual time. What may depend on
    a setting to `ignore`, which has no model, is unknown. `each` is called
    with every row as its run ends, in whatever order. No password is in a row: where a value has one, a label stands
    for it. Raise InputError, before anything is run, for a key that leads
    nowhere and a value that is not valid.

    >>> found = vary.run("tokyo-singapore", set={"links.tokyo-singapore.delay": ["5ms", "70ms"]}, jobs=1)
    >>> [row.outcome for row in found.rows], [row.latency.p50 < 70 for row in found.rows]
    (['failed', 'passed'], [True, False])
    """
    values = {key: tuple(str(value) for value in its) for key, its in set.items()}
    check_values(values)
    grid = Grid(values=values, seeds=(None,) if seeds is None else tuple(seeds))
    if not grid.seeds:
        raise InputError.of("there is no seed", "name one or more seeds, or none to use the scenario's seed")
    looked = look(os.fspath(scenario), grid, environment, limit, ignore)
    for warning in looked.warnings:
        Logged().warn(warning)
    rows: list[Row] = []
    with ExitStack() as last:
        slots = (jobs or cores()) if executor is None else AT_ONCE // 2
        doing = executor or last.enter_context(Processes(slots))
        for row in last.enter_context(closing(rows_of(looked, grid, doing, slots, limit))):
            rows.append(row)
            if each is not None:
                each(row)
    return variation(looked, grid, rows)


def rows_of(
    looked: Looked, grid: Grid, executor: Executor, slots: int, limit: timedelta | None
) -> Generator[Row, None, None]:
    """Yield a row for each combination as its run ends; an executor does `slots` at a time, and has as many waiting.

    Rows have labels instead of values.
    """
    labels = Labels.for_grid(grid, looked.mask)
    with closing(run_all(partial(run_one, looked.texts, limit=limit), grid, executor, at_once=2 * slots)) as found:
        yield from map(labels.row, found)


def variation(looked: Looked, grid: Grid, rows: Iterable[Row]) -> Variation:
    """Return the rows of a grid, whatever their order, as a variation of labels."""
    ordered = tuple(sorted(rows, key=lambda row: row.combination.number))
    return Variation(scenario=looked.name, grid=Labels.for_grid(grid, looked.mask).grid(grid), rows=ordered)


def seconds_of_one(looked: Looked, grid: Grid, limit: timedelta | None) -> float:
    """Return the seconds that the first combination's run takes, once all is loaded."""
    run_one(looked.texts, grid.combination(0), limit)
    begun = time.perf_counter()
    run_one(looked.texts, grid.combination(0), limit)
    return time.perf_counter() - begun

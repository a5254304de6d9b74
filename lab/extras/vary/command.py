"""vary: a scenario with other values, in the simulation, on all cores or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from lab.base import units
from lab.base.text_files import write_new
from lab.cli import new_files, options
from lab.cli.options import IGNORE, QUIET, SCENARIO, flag, option
from lab.cli.progress import bar
from lab.errors import InputError, LabError

_ASKED_FROM = 1000  # runs; more want --yes


def vary(
    scenario: str = SCENARIO,
    set: list[str] | None = option(
        "--set KEY=A,B,…",
        "The values of a key, for example links.a-b.delay=5ms,70ms; a comma in a value is written twice.",
    ),
    seeds: str | None = option(
        "--seeds N", "The seeds: N for 1 to N, a range 5-20, or a list 3,7,11 (default: the scenario's seed)."
    ),
    jobs: int | None = option(
        "--jobs -j N", "The number of runs at the same time (default: one for each core).", min=1, max=1024
    ),
    csv: Path | None = option("--csv FILE", "The file that one line for each run is written to, as CSV."),
    json_file: Path | None = option(
        "--json FILE", "The file that all runs are written to, with the reasons of their verdicts, as JSON."
    ),
    html: Path | None = option("--html FILE", "The file that an HTML page with charts is written to."),
    limit: str | None = option(
        "--limit DURATION", "The virtual time after which a run ends with an error (default: 9600h)."
    ),
    ignore: list[str] | None = IGNORE,
    yes: bool = flag("--yes", "Start a large number of runs without a confirmation."),
    on: str | None = option(
        "--on tcp://HOST:PORT", "The scheduler of a Dask cluster for the runs; requires mqlab\\[sweeps]."
    ),
    quiet: bool = QUIET,
) -> int:
    """Simulate a scenario with many values and seeds, and write the outcomes as CSV, JSON or a page.

    Example: mqlab vary tokyo-singapore --set links.tokyo-singapore.delay=35ms,40ms
    """
    from lab.extras.vary.combinations import Grid, seeds_of, values_of  # here: --help does without
    from lab.extras.vary.page import headline, to_html
    from lab.extras.vary.row import Row
    from lab.extras.vary.table import lines, to_csv, to_json
    from lab.extras.vary.texts import look
    from lab.extras.vary.varying import rows_of, seconds_of_one, variation

    most = _limit(limit)
    grid = Grid(values=values_of(set or ()), seeds=(None,) if seeds is None else seeds_of(seeds))
    if grid.count == 1:
        key = next((each.partition("=")[0] for each in set or ()), "KEY")
        right = f"write --set {key}=A,B or --seeds N; or run mqlab run {scenario} to run it once"
        raise InputError.of("nothing varies", right)
    _check_new(csv, json_file, html)
    asking = grid.count > _ASKED_FROM and not yes
    first = Grid(values={k: v[:1] for k, v in grid.values.items()}) if asking else grid
    looked = look(scenario, first, os.environ, most, ignore or ())
    options.warn_of_each(looked.warnings)
    rows: list[Row] = []
    ended: BaseException | None = None
    try:
        with _executor(on, jobs) as (executor, slots):
            if asking:
                raise _too_many(grid.count, slots, seconds_of_one(looked, grid, most))
            with (
                closing(rows_of(looked, grid, executor, slots, most)) as found,
                bar(options.err(), grid.count, quiet) as advance,
            ):
                for row in found:
                    rows.append(row)
                    advance()
    except (KeyboardInterrupt, SystemExit, LabError) as error:
        if not rows:
            raise
        ended = error  # what is done is kept
    its = variation(looked, grid, rows)
    kept: list[Path] = []
    wrong: list[BaseException] = [] if ended is None else [ended]
    for path, text in ((csv, to_csv), (json_file, to_json), (html, to_html)):
        if path is not None:
            try:
                write_new(path, text(its).encode("utf-8", "backslashreplace"))
                kept.append(path)
            except LabError as error:
                wrong.append(error)  # the other files and the table are kept all the same
    for line in lines(its):
        options.say(line)
    options.say(headline(its))
    if ended is not None:
        where = f"; they are in {', '.join(map(str, kept))}" if kept else ""
        options.warn_of_each([f"{len(rows)} of {grid.count} runs were done{where}"])
    for each in wrong[1:]:
        options.complain(each)
    if wrong:
        raise wrong[0]
    return max((row.exit_code for row in rows), default=0) or options.judged(passed=its.passed)


def _limit(text: str | None) -> timedelta | None:
    try:
        found = None if text is None else units.parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise options.refused_quantity("--limit", text or "", error, "s") from error
    if found is not None and found <= timedelta(0):
        raise InputError.of(f"--limit {text} leaves no time", "write a duration, such as 1h")
    return found


def _check_new(*paths: Path | None) -> None:
    """Raise InputError if a file is there, or a link of its name, or cannot be written, or is named twice."""
    named = [path for path in paths if path is not None]
    for number, path in enumerate(named):
        new_files.check_new(path)
        if path.resolve() in [each.resolve() for each in named[:number]]:
            raise InputError.of(f"{path} is named twice", "name another file for each")


def _too_many(count: int, slots: int, seconds: float) -> InputError:
    words = _about(count * seconds / slots)
    what = f"these are {count:,} runs, and take about {words}, {slots} at a time: one took {seconds:.2g} s"
    return InputError.of(what, "choose fewer values or seeds, or add --yes")


def _about(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} seconds"


@contextmanager
def _executor(on: str | None, jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Return the executor of the runs, and their number at a time, for a block."""
    from lab.extras.vary.cluster import cluster
    from lab.extras.vary.processes import Processes, cores

    if on is not None:
        with cluster(on) as found:
            yield found
    else:
        slots = jobs or cores()
        with Processes(slots) as executor:
            yield executor, slots

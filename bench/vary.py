"""A scenario varied by one process and by two, in turn: how many times as fast two are, once all are begun.

The first runs of each are left out: they load the models. What is compared is the wall clock on a quiet machine. A bare
heap loop is done so often by one process and by two, too: cores that share their caches or their arithmetic, as those
of a virtual machine may, do not do twice as much.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import Executor
from functools import partial
from typing import Any

from bench.simulation import bare
from lab.extras.vary.combinations import Grid
from lab.extras.vary.processes import Processes
from lab.extras.vary.run_all import run_all
from lab.extras.vary.run_one import run_one
from lab.extras.vary.texts import look

SCENARIO = "small-window"
EVENTS = 150_000  # of one bare loop, which take about as long as one run
KEY = "connectors.connector_tokyo_to_singapore.prefetchSize"


def measure(*, runs: int, pairs: int) -> dict[str, Any]:
    """Run so many seeds with one process and with two, so many times in turn."""
    warm, whole = (Grid(values={KEY: ("10",)}, seeds=tuple(range(count))) for count in (4, runs))
    work = partial(run_one, look(SCENARIO, whole, {}).texts)
    took: dict[int, list[float]] = {1: [], 2: []}
    plain: dict[int, list[float]] = {1: [], 2: []}
    cpu: list[float] = []
    with Processes(1) as one, Processes(2) as two:
        for jobs, executor in ((1, one), (2, two)):
            rows = [*run_all(work, warm, executor, at_once=2 * jobs)]
            assert all(row.outcome == "passed" for row in rows), rows
        for _ in range(pairs):
            for jobs, executor in ((1, one), (2, two)):
                begun = time.perf_counter()
                rows = [*run_all(work, whole, executor, at_once=2 * jobs)]
                took[jobs].append(time.perf_counter() - begun)
                cpu += [row.cpu for row in rows if row.cpu is not None]
                plain[jobs].append(_bare(executor, runs))
    return {
        "scenario": SCENARIO,
        "runs": runs,
        "pairs": pairs,
        "one_s": round(statistics.median(took[1]), 3),
        "two_s": round(statistics.median(took[2]), 3),
        "ratio": _ratio(took),
        "bare_ratio": _ratio(plain),
        "run_cpu_s": round(statistics.median(cpu), 3),
    }


def _bare(executor: Executor, runs: int) -> float:
    """Return how long so many bare loops take."""
    begun = time.perf_counter()
    for each in [executor.submit(bare, EVENTS) for _ in range(runs)]:
        each.result()
    return time.perf_counter() - begun


def _ratio(took: dict[int, list[float]]) -> float:
    return round(statistics.median(one / two for one, two in zip(took[1], took[2], strict=True)), 3)

"""Runs for tests of executors, and rows without a run; functions that another process can find."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from lab.extras.vary.combinations import Combination, Grid
from lab.extras.vary.row import Flow, Row
from lab.extras.vary.table import Variation
from lab.judge.not_delivered import FATES
from lab.judge.percentiles import Percentiles
from lab.judge.values import Outcome, Verdict

TEN = Grid(values={"n": tuple(str(number) for number in range(10))})


def row(of: Combination, outcome: str = "passed", **figures: object) -> Row:
    """Return the row of a run that had ten messages, each of which took `p99` ms, but for what is given."""
    p99 = float(str(figures.pop("p99", 40.0)))
    latency = Percentiles(p50=p99 / 2, p95=p99, p99=p99, max=p99 + 1)
    flow = Flow(subscriber="sg", destination="queue://a", expected=10, delivered=10, duplicates=0, latency=latency)
    verdict = Verdict(expectation="delivered: {}", outcome=Outcome(outcome), reason="10 of 10")
    usual: dict[str, object] = {
        "seed": of.seed,
        "verdicts": (verdict,),
        "expected": 10,
        "delivered": 10,
        **dict.fromkeys(FATES, 0),
        "duplicates": 0,
        "latency": latency,
        "flows": (flow,),
        "took": 2.0,
        "lasted": 12.0,
        "cpu": 0.25,
    }
    return Row(combination=of, outcome=outcome, **(usual | figures))  # type: ignore[arg-type]


def variation(grid: Grid, **given: object) -> Variation:
    """Return a variation of which every row is alike, but for its latency, which is its number."""
    rows = tuple(row(of, **{"p99": 10.0 * (of.number + 1), **given}) for of in grid)  # type: ignore[arg-type]
    return Variation(scenario="<a> story", grid=grid, rows=rows)


def plain(of: Combination) -> Row:
    """Return a row at once."""
    return row(of)


def raises(of: Combination) -> Row:
    """Raise for the fourth combination."""
    if of.number == 3:
        raise ValueError("three is too many")
    return row(of)


class Dies:
    """A run whose process is killed at the fourth combination, so many times: a file for each."""

    def __init__(self, folder: Path, times: int) -> None:
        self.folder, self.times = folder, times

    def __call__(self, of: Combination) -> Row:
        if of.number == 3 and (already := len([*self.folder.iterdir()])) < self.times:
            (self.folder / str(already)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return row(of)

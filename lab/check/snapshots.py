"""The snapshots of a scenario, and a check of expectations that compare two of them."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.flow import END, START, Snapshot
from lab.declare.unrolling import in_every_round
from lab.errors import Problem


def snapshots_of(scenario: Scenario) -> list[str]:
    """Return the names of the snapshots in the order of taking, with `start` first and `end` last."""
    taken = (step.name for step in in_every_round(scenario.steps) if isinstance(step, Snapshot))
    return list(dict.fromkeys((START, *(name for name in taken if name != END), END)))


def check_order(context: Context, between: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a Problem if the second of two snapshots is taken before the first."""
    if "between" not in context.unknown:
        first, last = between
        order = snapshots_of(context.scenario)
        if order.index(last) < order.index(first):
            yield context.wrong("between", f"the snapshot {first} is taken after {last}", f"write [{last}, {first}]")

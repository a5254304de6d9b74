"""The snapshots that a scenario takes, and claims that compare two of them."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import END, START, Snapshot
from lab.declare.unrolling import in_time
from lab.errors import Problem


def snapshots_of(scenario: Scenario) -> list[str]:
    """Return the names of the snapshots, those that take themselves too, in the order of taking."""
    taken = (step.name for _, step in in_time(scenario.steps) if isinstance(step, Snapshot))
    return list(dict.fromkeys((START, *(name for name in taken if name != END), END)))


def check_order(context: Context, between: tuple[str, ...]) -> Iterator[Problem]:
    """Of two snapshots the second must be taken after the first."""
    if "between" not in context.unknown:
        first, last = between
        order = snapshots_of(context.scenario)
        if order.index(last) < order.index(first):
            yield context.wrong("between", f"the snapshot {first} is taken after {last}", f"write [{last}, {first}]")

"""Checks of the step `snapshot`: its name is free."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import END, START, Snapshot
from lab.errors import Problem


class _Taken:
    def __init__(self, scenario: Scenario) -> None:
        self.by_name: dict[str, Keys] = {}
        self.passed: set[Keys] = set()


def check(context: Context, step: Snapshot) -> Iterator[Problem]:
    """Yield a Problem if the name belongs to another snapshot, or to an earlier round of the same step."""
    taken = context.recall(_Taken)
    if step.name in (START, END):
        right = f"remove the step, or give it another name than {step.name}"
        yield context.wrong("name", f"the snapshot {step.name} takes itself", right)
    elif taken.by_name.setdefault(step.name, context.path) != context.path:
        yield context.wrong("name", f"two snapshots {step.name}", "give each a name of its own")
    elif context.path in taken.passed:
        what = f"every round of the repeat would take the snapshot {step.name}"
        yield context.wrong("name", what, "take it before or after the repeat")
    taken.passed.add(context.path)

"""Checks of the step `snapshot`: its name is free, and counts the rounds of a repeat."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.own_names import names_of_rounds, wrong_round
from lab.check.steps import checks
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import END, START, Snapshot
from lab.errors import Problem


class _Taken:
    def __init__(self, scenario: Scenario) -> None:
        self.by_name: dict[str, Keys] = {}
        self.of_rounds = names_of_rounds(scenario, lambda step: step.name if isinstance(step, Snapshot) else "")


@checks.register(Snapshot)
def check_snapshot(context: Context, step: Snapshot) -> Iterator[Problem]:
    """Yield a Problem if the name belongs to another snapshot, or to another round of the same step."""
    taken = context.recall(_Taken)
    if step.name in (START, END):
        right = f"remove the step, or give it another name than {step.name}"
        yield context.wrong("name", f"mqlab takes the snapshot {step.name} by itself", right)
    elif taken.by_name.setdefault(step.name, context.path) != context.path:
        yield context.wrong("name", f"two snapshots are named {step.name}", "give each a name of its own")
    elif wrong := wrong_round(context, step.name):
        yield context.wrong("name", *wrong)
    elif step.name in taken.of_rounds:
        what = f"another snapshot is named {step.name} in one of its rounds"
        yield context.wrong("name", what, "give each a name of its own")

"""Checks of the step `try`: its name is free, and its ends exist."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.network_so_far import NetworkSoFar, check_ends
from lab.check.own_names import wrong_round
from lab.check.steps import checks
from lab.declare.expectations.reachable import END
from lab.declare.steps.try_ import Try
from lab.errors import Problem


@checks.register(Try)
def check_try(context: Context, step: Try) -> Iterator[Problem]:
    """Yield the Problems of the ends and the name."""
    yield from check_ends(context, step)
    if wrong := wrong_round(context, step.name, needed=False):
        yield context.wrong("name", *wrong)
    if context.recall(NetworkSoFar).tries.setdefault(step.name, step) is not step or step.name == END:
        what = f"{'mqlab itself tries at the' if step.name == END else 'another try is named'} {step.name}"
        yield context.wrong("name", what, "choose another name")

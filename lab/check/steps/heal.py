"""Checks of the step `heal`: the link is closed."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.check.steps.link import Closed, directions
from lab.declare.steps.heal import Heal
from lab.errors import Problem


@checks.register(Heal)
def check_heal(context: Context, step: Heal) -> Iterator[Problem]:
    """Yield a Problem if the link is neither cut nor rejecting."""
    closed = context.recall(Closed)
    if context.unknown or not closed.certain or directions(context, step) & closed.directions:
        return
    which = step.link if step.leaving is None else f"the direction of {step.link} that leaves {step.leaving}"
    yield context.wrong("link", f"{which} is neither cut nor rejecting here", "put a cut or reject step before it")

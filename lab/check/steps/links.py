"""Checks of the steps on a link, and notes which directions of links are cut or reject after the steps so far."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OnLink
from lab.declare.steps.links import Heal
from lab.errors import Problem
from lab.link.impairment import LinkState


class Closed:
    """The directions that are cut or reject, or may do so, each by its link and the region that it leaves."""

    def __init__(self, scenario: Scenario) -> None:
        self.directions: set[tuple[str, str]] = set()
        self.certain = True  # no: a step closes a link that does not exist, and another Problem names it


@checks.register(OnLink)
def check_link(context: Context, step: OnLink) -> Iterator[Problem]:
    """Note the directions that the step closes or opens; this check never finds a Problem."""
    if context.unknown and step.brings not in (None, LinkState.OPEN):
        context.recall(Closed).certain = False
    if step.brings is not None and not context.unknown:
        closed = context.recall(Closed).directions
        if step.brings is not LinkState.OPEN:
            closed.update(directions(context, step))
        elif not step.fails:
            closed.difference_update(directions(context, step))
    yield from ()


def directions(context: Context, step: OnLink) -> set[tuple[str, str]]:
    """Return the directions that a step changes, each as (link, region that it leaves)."""
    ends = next(link.between for link in context.topology.links if link.name == step.link)
    return {(step.link, end) for end in ends if step.leaving in (None, end)}


@checks.register(Heal)
def check_heal(context: Context, step: Heal) -> Iterator[Problem]:
    """Yield a Problem if the link is neither cut nor rejecting."""
    closed = context.recall(Closed)
    if context.unknown or not closed.certain or directions(context, step) & closed.directions:
        return
    which = step.link if step.leaving is None else f"the direction of {step.link} that leaves {step.leaving}"
    yield context.wrong("link", f"{which} is neither cut nor rejecting here", "put a cut or reject step before it")

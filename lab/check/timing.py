"""Checks of times: too many steps, and steps whose moment has passed when their turn comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from lab.declare.origin import Keys, Origin
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound, Step
from lab.declare.unrolling import MOST_STEPS, count_steps
from lab.errors import Problem
from lab.units import format_duration


def check_timing(scenario: Scenario) -> Iterator[Problem]:
    """Yield the Problems of the number and the times of the steps."""
    if (count := count_steps(scenario.steps)) > MOST_STEPS:
        what = f"these are {count} steps, all rounds counted"
        place = scenario.origin.place("steps")
        yield Problem(what=what, remedy=f"at most {MOST_STEPS}: repeat less often, or let traffic send", place=place)
    moments = _Moments(scenario.origin)
    moments.one_after_another(scenario.steps, ("steps",), timedelta(0))
    yield from moments.problems


class _Moments:
    """A walk through the steps that adds up their shortest durations, to find moments that have passed."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.problems: list[Problem] = []

    def one_after_another(
        self, steps: Sequence[Step], path: Keys, begin: timedelta, *, repeated: bool = False
    ) -> timedelta:
        """Return the earliest moment at which the last step is done, given the moment at which the first may begin."""
        for position, step in enumerate(steps):
            begin = self._one(step, (*path, position), begin, repeated=repeated)
        return begin

    def _one(self, step: Step, path: Keys, begin: timedelta, *, repeated: bool) -> timedelta:
        if step.at is not None:
            place = self._origin.place(*path, "at")
            if repeated:
                what = "a moment inside a repeat comes only once, and every round after it would be late"
                self.problems.append(Problem(what=what, remedy="let a wait pass instead", place=place))
            elif step.at < begin:
                what = f"at {format_duration(step.at)} is over when this step's turn comes"
                right = f"the steps before it take until {format_duration(begin)} at least"
                self.problems.append(Problem(what=what, remedy=right, place=place))
            begin = max(begin, step.at)
        if not isinstance(step, Compound):
            return begin + step.shortest
        here = (*path, step.verb, *step.inside)
        if step.at_once:
            ends = [
                self._one(each, (*here, position), begin, repeated=repeated) for position, each in enumerate(step.steps)
            ]
            return max(ends)
        once = self.one_after_another(step.steps, here, begin, repeated=True) - begin
        return begin + once * step.rounds

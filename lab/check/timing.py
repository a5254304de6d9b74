"""Checks of times: too many steps, and steps whose moment has passed when their turn comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from lab.base.units import format_duration
from lab.declare.origin import Keys, Origin
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound, Step
from lab.declare.unrolling import MOST_STEPS, count_steps
from lab.errors import Place, Problem


def check_timing(scenario: Scenario) -> Iterator[Problem]:
    """Yield the Problems of the number and the times of the steps."""
    if (count := count_steps(scenario.steps)) > MOST_STEPS:
        what = f"these are {count} steps, all rounds counted"
        place = scenario.origin.place("steps")
        yield Problem(
            what=what,
            remedy=f"repeat less often, or use a traffic step: a scenario has at most {MOST_STEPS}",
            place=place,
        )
    moments = _Moments(scenario.origin)
    moments.one_after_another(scenario.steps, ("steps",), timedelta(0))
    yield from moments.problems


def least_time(scenario: Scenario) -> timedelta:
    """Return the shortest time that the steps of a scenario can take."""
    return _Moments(scenario.origin).one_after_another(scenario.steps, ("steps",), timedelta(0))


def earliest_end(step: Step, begin: timedelta) -> timedelta:
    """Return the earliest moment at which a step is done, given the moment at which it may begin."""
    return _Moments(Origin()).one_after_another((step,), (), begin)


def first_beyond(scenario: Scenario, limit: timedelta) -> tuple[Place | None, timedelta] | None:
    """Return the place of the first step that ends later than a limit for certain, and its earliest end."""
    moments = _Moments(scenario.origin, limit)
    moments.one_after_another(scenario.steps, ("steps",), timedelta(0))
    return moments.beyond


class _Moments:
    """A walk through the steps that adds up their shortest durations, to find moments that have passed."""

    def __init__(self, origin: Origin, limit: timedelta = timedelta.max) -> None:
        self._origin, self._limit = origin, limit
        self.problems: list[Problem] = []
        self.beyond: tuple[Place | None, timedelta] | None = None  # the first step that ends after the limit

    def one_after_another(
        self, steps: Sequence[Step], path: Keys, begin: timedelta, *, repeated: bool = False
    ) -> timedelta:
        """Return the earliest moment at which the last step is done, given the moment at which the first may begin."""
        for position, step in enumerate(steps):
            begin = self._one(step, (*path, position), begin, repeated=repeated)
            if begin > self._limit and self.beyond is None:
                self.beyond = self._origin.key(*path, position, step.verb), begin
        return begin

    def _one(self, step: Step, path: Keys, begin: timedelta, *, repeated: bool) -> timedelta:
        if step.at is not None:
            place = self._origin.place(*path, "at")
            if repeated:
                what = "a moment inside a repeat comes only once, and every round after it would be late"
                self.problems.append(Problem(what=what, remedy="use a wait step instead", place=place))
            elif step.at < begin:
                what = f"the time {format_duration(step.at)} has passed before this step's turn comes"
                right = f"write at: {format_duration(begin)} or later, since the steps before it take so long"
                self.problems.append(Problem(what=what, remedy=right, place=place))
            begin = max(begin, step.at)
        if not isinstance(step, Compound):
            return _later(begin, lambda: step.shortest)
        here = (*path, step.verb, *step.inside)
        if step.at_once:
            ends = [
                self._one(each, (*here, position), begin, repeated=repeated) for position, each in enumerate(step.steps)
            ]
            return max(ends)
        once = self.one_after_another(step.steps, here, begin, repeated=True) - begin
        rounds = step.rounds
        return _later(begin, lambda: once * rounds)


def _later(begin: timedelta, passing: Callable[[], timedelta]) -> timedelta:
    """Return the moment after some time has passed; the last one that can be counted if it is later."""
    try:
        return begin + passing()
    except OverflowError:  # messages by the million may be hours apart
        return timedelta.max

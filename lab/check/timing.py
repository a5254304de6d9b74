"""What is wrong with when things happen: moments that have passed, names of traffic, a client in two steps at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from lab.declare.origin import Keys, Origin
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound, Step
from lab.declare.steps.consume import Consume
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.flap import Flap
from lab.declare.steps.publish import Publish
from lab.declare.steps.repeat import Repeat
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.together import Together
from lab.declare.steps.traffic import Traffic
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.wait import Wait
from lab.declare.unrolling import MOST, every_step, in_time, total, within
from lab.errors import Problem
from lab.units import format_duration


def check_timing(scenario: Scenario) -> Iterator[Problem]:
    """Return every Problem of when the steps happen."""
    if (count := total(scenario.steps)) > MOST:
        what = f"these are {count} steps, all rounds counted"
        place = scenario.origin.place("steps")
        yield Problem(what=what, remedy=f"at most {MOST}: repeat less often, or let traffic send", place=place)
    moments = _Moments(scenario.origin)
    moments.one_after_another(scenario.steps, ("steps",), timedelta(0))
    yield from moments.problems
    yield from _traffic(scenario)
    for path, step in in_time(scenario.steps):
        if isinstance(step, Together):
            yield from _one_place_at_a_time(scenario.origin, path, step)


class _Moments:
    """Adds up how long steps take at least, to find the moments that will have passed."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.problems: list[Problem] = []

    def one_after_another(
        self, steps: Sequence[Step], path: Keys, begin: timedelta, *, repeated: bool = False
    ) -> timedelta:
        """Return the earliest moment at which the last step is done."""
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
        here = (*path, step.verb, *(step.inside if isinstance(step, Compound) else ()))
        if isinstance(step, Together):
            ends = [
                self._one(each, (*here, position), begin, repeated=repeated) for position, each in enumerate(step.steps)
            ]
            return max(ends)
        if isinstance(step, Repeat):
            once = self.one_after_another(step.steps, here, begin, repeated=True) - begin
            return begin + once * step.times
        return begin + _least(step)


def _least(step: Step) -> timedelta:
    """Return the time that a plain step takes at least."""
    if isinstance(step, Wait):
        return step.duration or timedelta(0)
    if isinstance(step, Flap):
        return step.down * step.times + step.up * (step.times - 1)
    if isinstance(step, Publish):
        if step.rate is not None:
            return timedelta(seconds=float((step.count - 1) / step.rate))
        return (step.every or timedelta(0)) * (step.count - 1)
    return timedelta(0)


def _traffic(scenario: Scenario) -> Iterator[Problem]:
    """A name is of one traffic at a time, only what goes on can be ended, and it needs time to go on."""
    going_on: set[str] = set()
    timed: set[str] = set()  # may end by itself, or not yet
    known: set[str] = set()
    for path, step in in_time(scenario.steps):
        place = scenario.origin.place(*path, "name")
        if isinstance(step, Traffic):
            if step.name in going_on:
                what = f"there is traffic named {step.name} already"
                yield Problem(what=what, remedy=f"give it another name, or end-traffic {step.name} first", place=place)
            (going_on if step.duration is None else timed).add(step.name)
            known.add(step.name)
        elif isinstance(step, EndTraffic):
            if step.name not in going_on | timed:
                names = {each.name for each in every_step(scenario.steps) if isinstance(each, Traffic)}
                if step.name in known:
                    reason = "has been ended before"
                else:
                    reason = "begins only later" if step.name in names else "never begins"
                right = f"traffic that goes on here: {', '.join(sorted(going_on | timed)) or 'none'}"
                yield Problem(what=f"traffic named {step.name} {reason}", remedy=right, place=place)
            going_on.discard(step.name)
            timed.discard(step.name)
    if scenario.steps and isinstance(last := scenario.steps[-1], Traffic) and last.duration is None:
        what = f"traffic {last.name} would end as soon as it begins: no step comes after it"
        place = scenario.origin.place("steps", len(scenario.steps) - 1)
        yield Problem(what=what, remedy="add duration: 10s to it, or a wait after it", place=place)


def _one_place_at_a_time(origin: Origin, path: Keys, together: Together) -> Iterator[Problem]:
    """A client is one connection that does one thing at a time."""
    first: dict[str, int] = {}
    for position, step in enumerate(together.steps):
        for where, each in within(step, (*path, position, step.verb)):
            if not isinstance(each, Subscribe | Unsubscribe | Disconnect | Consume):
                continue
            if first.setdefault(each.client, position) != position:
                what = f"the client {each.client} is in two steps at once"
                right = "a client does one thing at a time: put these steps one after the other, or use two clients"
                yield Problem(what=what, remedy=right, place=origin.place(*where, "client"))

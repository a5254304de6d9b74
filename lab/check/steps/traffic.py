"""Checks of the step `traffic`: its name is free, and it has time to send."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.declare.scenario import Scenario
from lab.declare.steps.traffic import Traffic
from lab.errors import Problem


class Flows:
    """The names of traffic so far: running until it is ended, ended by itself perhaps, and all."""

    def __init__(self, scenario: Scenario) -> None:
        self.going_on: set[str] = set()
        self.timed: set[str] = set()
        self.known: set[str] = set()


@checks.register(Traffic)
def check_traffic(context: Context, step: Traffic) -> Iterator[Problem]:
    """Yield a Problem if traffic with that name is running, or if no step follows it and its duration is unlimited."""
    flows = context.recall(Flows)
    if step.name in flows.going_on:
        right = f"write another name, or put the step end-traffic {step.name} before it"
        yield context.wrong("name", f"traffic named {step.name} is running already", right)
    (flows.going_on if step.duration is None else flows.timed).add(step.name)
    flows.known.add(step.name)
    last = len(context.scenario.steps) - 1
    if context.path == ("steps", last, step.verb) and step.duration is None:
        what = f"traffic {step.name} would end as soon as it begins: no step comes after it"
        place = context.scenario.origin.place("steps", last)
        yield Problem(what=what, remedy="add duration: 10s, or a wait step after this step", place=place)

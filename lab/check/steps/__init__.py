"""Checks of a scenario's steps, in order: by the file of each kind, and by the files of its base classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.check.context import Context
from lab.check.names import check_names
from lab.check.references import check_references
from lab.declare.kinds import Registry
from lab.declare.scenario import Scenario
from lab.declare.unrolling import in_order
from lab.errors import Problem

checks: Registry[Callable[[Context, Any], Iterator[Problem]]] = Registry(__name__)


def check_steps(scenario: Scenario, memory: dict[type, Any]) -> Iterator[Problem]:
    """Yield the Problems of the steps; `memory` has the notes of their checks afterwards, by type."""
    if not (scenario.steps or scenario.is_topology or scenario.clients):  # applications need no steps
        place = scenario.origin.place("steps")
        yield Problem(what="a scenario without steps", remedy="add a publish step", place=place)
    for path, step in in_order(scenario.steps):
        context = Context(scenario=scenario, path=path, memory=memory)
        yield from check_references(context, step)
        yield from check_names(context, step)
        for check in checks.of(type(step)):
            yield from check(context, step)

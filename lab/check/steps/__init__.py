"""Checks of a scenario's steps, in order: those of a step's class and of its base classes, then those of all steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.check.context import Context
from lab.check.instances import Brokers, missing
from lab.check.names import check_names, check_own_name
from lab.check.references import check_references
from lab.declare.kinds import Registry
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound, OnBroker, Step
from lab.declare.unrolling import in_order
from lab.errors import Problem

checks: Registry[Callable[[Context, Any], Iterator[Problem]]] = Registry(
    __name__, "clients", "flow", "instances", "links", "messages", "network", "replay", "service instances"
)


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
        yield from _check_step(context, step)


def _check_step(context: Context, step: Step) -> Iterator[Problem]:
    """Yield a Problem if the step must name a user, or if its broker does not exist at that time; of name and fails."""
    yield from check_own_name(context, step)
    yield from _check_fails(context, step)
    login = step.login
    if login is not None and "broker" not in context.unknown:
        broker = context.topology.brokers[login.broker]
        users = broker.users
        if login.user is None and broker.user is None and len(users) > 1:
            once = f"or write user beside steps, for all steps, or in the broker {login.broker} of the topology"
            right = f"add user: one of {', '.join(users)}\n{once}"
            yield context.wrong("broker", f"{login.broker} has {len(users)} users", right)
    its = context.recall(Brokers).named.get(getattr(step, "broker", None) or "")
    if not isinstance(step, OnBroker) and its is not None and its.missing:
        yield missing(context, step, its)


def _check_fails(context: Context, step: Step) -> Iterator[Problem]:
    """Yield a Problem if `fails` cannot be combined with the rest of the step."""
    place = context.scenario.origin.place(*context.path[:-1], "fails")
    if step.fails and isinstance(step, Compound):
        what = f"fails: yes is for a single step, and {step.verb} contains steps"
        yield Problem(what=what, remedy="write fails: yes beside each inner step that must fail", place=place)
    elif step.fails and getattr(step, "at_least", None) is not None:
        what = "at-least is for a step that may succeed in part, and fails: yes for a step that must fail"
        yield Problem(what=what, remedy="remove one of them; at-least: 0 permits success and failure", place=place)

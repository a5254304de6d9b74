"""Checks of every step: its login, that its broker exists at that time, and the keys next to its verb."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Brokers, missing
from lab.check.own_names import check_own_name
from lab.check.steps import checks
from lab.declare.steps.base import Compound, Step
from lab.declare.steps.broker import OnBroker
from lab.errors import Problem


@checks.register(Step)
def check_step(context: Context, step: Step) -> Iterator[Problem]:
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

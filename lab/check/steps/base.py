"""Checks of every step: its login, and that its broker exists at that time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Brokers, missing
from lab.check.own_names import check_own_name
from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker
from lab.errors import Problem


def check(context: Context, step: Step) -> Iterator[Problem]:
    """Yield a Problem if the step must name a user, or if its broker does not exist at that time; and of its name."""
    yield from check_own_name(context, step)
    login = step.login
    if login is not None and "broker" not in context.unknown:
        users = context.topology.brokers[login.broker].users
        if login.user is None and len(users) > 1:
            right = f"add user: one of {', '.join(users)}"
            yield context.wrong("broker", f"{login.broker} has {len(users)} users", right)
    its = context.recall(Brokers).named.get(getattr(step, "broker", None) or "")
    if not isinstance(step, OnBroker) and its is not None and its.missing:
        yield missing(context, step, its)

"""What may be wrong with the step `connect`: nobody knows who is to log in, or with which password."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import users_of
from lab.declare.steps.connect import Connect
from lab.errors import Problem


def check(context: Context, step: Connect) -> Iterator[Problem]:
    """Return the Problem that the user is missing; where the password is wrong anyway, anybody will do."""
    if "broker" in context.unknown or step.user is None or step.password == "wrong":
        return
    if step.user not in users_of(context.scenario, step.broker):
        users = ", ".join(context.topology.brokers[step.broker].users)
        what = f"{step.broker} has no user {step.user}, who could have no right password"
        yield context.wrong("user", what, f"users of {step.broker}: {users}\nor write password: wrong")

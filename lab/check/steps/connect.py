"""Checks of the step `connect`: the user exists, so that a right password does."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import users_of
from lab.check.steps import checks
from lab.declare.steps.connect import Connect
from lab.errors import Problem


@checks.register(Connect)
def check_connect(context: Context, step: Connect) -> Iterator[Problem]:
    """Yield a Problem if the user does not exist; with a wrong password any name is valid."""
    if "broker" in context.unknown or step.user is None or step.password == "wrong":
        return
    if step.user not in users_of(context.scenario, step.broker):
        users = ", ".join(context.topology.brokers[step.broker].users)
        what = f"{step.broker} has no user {step.user}, so no password is right"
        yield context.wrong("user", what, f"write one of the users of {step.broker}: {users}\nor write password: wrong")

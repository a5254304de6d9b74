"""Check of the expectation `users`: its user exists at some time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.service import users_of
from lab.declare.expectations.users import UsersExpectation
from lab.errors import Problem


@checks.register(UsersExpectation)
def check_users(context: Context, expectation: UsersExpectation) -> Iterator[Problem]:
    """Yield a Problem if the user never exists, except if that is the expectation."""
    if "broker" in context.unknown or expectation.pending == "no-such-user":
        return
    its = sorted(users_of(context.scenario, expectation.broker))
    if expectation.user not in its:
        yield context.missing("user", "user", expectation.user, its, f"users of {expectation.broker}")

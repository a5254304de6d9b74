"""Check of the expectation `users`: its user exists at some time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import users_of
from lab.declare.expectations.users import UsersClaim
from lab.errors import Problem


def check(context: Context, claim: UsersClaim) -> Iterator[Problem]:
    """Yield a Problem if the user never exists, unless that is the claim."""
    if "broker" in context.unknown or claim.pending == "no-such-user":
        return
    its = sorted(users_of(context.scenario, claim.broker))
    if claim.user not in its:
        yield context.missing("user", "user", claim.user, its, f"users of {claim.broker}")

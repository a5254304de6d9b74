"""What may be wrong with the expectation `users`: there is never such a user."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import users_of
from lab.declare.expectations.users import UsersClaim
from lab.errors import Problem


def check(context: Context, claim: UsersClaim) -> Iterator[Problem]:
    """The user must be there at some time, unless it is claimed that it is not."""
    if "broker" in context.unknown or claim.pending == "no-such-user":
        return
    its = sorted(users_of(context.scenario, claim.broker))
    if claim.user not in its:
        yield context.missing("user", "user", claim.user, its, f"users of {claim.broker}")

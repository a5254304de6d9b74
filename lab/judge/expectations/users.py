"""Judge of the expectation `users`: the pending change of a user."""

from __future__ import annotations

from lab.declare.expectations.users import UsersExpectation
from lab.judge.evidence.broker_records import last_record
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome


@judges.register(UsersExpectation)
def judge_users(expectation: UsersExpectation, evidence: Evidence) -> Finding:
    """Judge the pending change of a user."""
    found, when = last_record(expectation.broker, expectation.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    change = found.users.get(expectation.user)
    state = "no-such-user" if change is None else change.lower() or "none"
    words = {
        "no-such-user": f"{expectation.broker} has no user {expectation.user}{when}",
        "none": f"the user {expectation.user} of {expectation.broker} has nothing pending{when}",
    }
    said = words.get(state, f"the user {expectation.user} of {expectation.broker} has a pending {change}{when}")
    return at_the_end(state == expectation.pending, said, evidence)

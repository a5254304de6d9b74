"""Judge of the expectation `route`: the state of a route."""

from __future__ import annotations

from lab.declare.expectations.route import RouteIs
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import moment


def judge(claim: RouteIs, evidence: Evidence) -> Finding:
    """Judge the last observed state of a route."""
    seen = evidence.timeline.routes.get((claim.table, str(claim.destination)))
    if seen is None:
        what = f"no route {claim.destination} was ever seen in {claim.table}"
        return Outcome.of(claim.state == "none") if evidence.timeline.complete else Outcome.UNKNOWN, what
    state, words = {"deleted": ("none", "gone"), "blackhole": ("blackhole", "a blackhole")}.get(
        seen.state, (seen.state, seen.state)
    )
    what = f"the route {claim.destination} of {claim.table} is {words} since {moment(seen.t)}"
    return at_the_end(state == claim.state, what, evidence)

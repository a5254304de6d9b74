"""Judge of the expectation `route`: the state of a route."""

from __future__ import annotations

from lab.declare.expectations.route import RouteIs
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import moment


@judges.register(RouteIs)
def judge_route(expectation: RouteIs, evidence: Evidence) -> Finding:
    """Judge the last observed state of a route."""
    seen = evidence.timeline.routes.get((expectation.table, str(expectation.destination)))
    if seen is None:
        what = f"no route {expectation.destination} was ever seen in {expectation.table}"
        return Outcome.of(expectation.state == "none") if evidence.timeline.complete else Outcome.UNKNOWN, what
    state, words = {"deleted": ("none", "gone"), "blackhole": ("blackhole", "a blackhole")}.get(
        seen.state, (seen.state, seen.state)
    )
    what = f"the route {expectation.destination} of {expectation.table} is {words} since {moment(seen.t)}"
    return at_the_end(state == expectation.state, what, evidence)

"""Judge of the expectation `peering`: the state of a peering."""

from __future__ import annotations

from lab.declare.expectations.peering import PeeringIs
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import moment


@judges.register(PeeringIs)
def judge_peering(expectation: PeeringIs, evidence: Evidence) -> Finding:
    """Judge the last observed state of a peering."""
    seen = evidence.timeline.peerings.get(expectation.name)
    if seen is None:
        return Outcome.UNKNOWN, f"no peering {expectation.name} was ever seen"
    words = f"{expectation.name} ({seen.id}) is {seen.state} since {moment(seen.t)}"
    return at_the_end(seen.state == expectation.state, words, evidence)

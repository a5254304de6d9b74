"""The moment until which a claim's evidence goes: what happens later cannot make it untrue."""

from __future__ import annotations

from math import inf

from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Find
from lab.judge.evidence.evidence import Evidence


def evidence_end(claim: Expectation, evidence: Evidence, find: Find) -> float:
    """Return the moment in seconds, infinity for the end: `until` of the claim's file, or of its base's file."""
    if evidence.timeline.stretch.end < inf:
        return evidence.timeline.stretch.end
    found: float = find(type(claim), "lab.judge.claims", "until")[0](claim, evidence)
    return found

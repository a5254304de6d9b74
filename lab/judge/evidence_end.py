"""The moment at which an expectation's evidence ends: later events cannot make the expectation untrue."""

from __future__ import annotations

from math import inf

from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Find
from lab.judge.evidence.evidence import Evidence


def evidence_end(expectation: Expectation, evidence: Evidence, find: Find) -> float:
    """Return the moment in seconds, infinity for the end: `until` of the expectation's file, or of its base's file."""
    if evidence.timeline.interval.end < inf:
        return evidence.timeline.interval.end
    found: float = find(type(expectation), "lab.judge.expectations", "until")[0](expectation, evidence)
    return found

"""The moment at which an expectation's evidence ends: later events cannot make the expectation untrue."""

from __future__ import annotations

from math import inf

from lab.declare.expectations.base import Expectation
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import evidence_ends


def evidence_end(expectation: Expectation, evidence: Evidence) -> float:
    """Return the moment in seconds, infinity for the end: by the function of its class."""
    if evidence.timeline.interval.end < inf:
        return evidence.timeline.interval.end
    return evidence_ends.of(type(expectation))[0](expectation, evidence)

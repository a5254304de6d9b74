"""Judge of the expectation `configuration`: a broker's current and pending revision."""

from __future__ import annotations

from lab.declare.expectations.configuration import ConfigurationExpectation
from lab.judge.evidence.broker_records import last_record
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome


@judges.register(ConfigurationExpectation)
def judge_configuration(expectation: ConfigurationExpectation, evidence: Evidence) -> Finding:
    """Judge which revision a broker has, and which one is pending."""
    found, when = last_record(expectation.broker, expectation.after, evidence)
    if isinstance(found, str):
        return Outcome.UNKNOWN, found
    pending = found.pending_revision
    holds = (
        expectation.name in (None, found.configuration)
        and expectation.current in (None, found.revision)
        and (
            expectation.pending is None
            or (pending is None if expectation.pending == "none" else pending == expectation.pending)
        )
    )
    waits = "nothing pending" if pending is None else f"pending {found.pending_configuration} revision {pending}"
    words = f"{expectation.broker} has {found.configuration} revision {found.revision}, {waits}{when}"
    return at_the_end(holds, words, evidence)

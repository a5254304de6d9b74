"""Judge of the expectation `broker-state`: the state that the service reports for a broker."""

from __future__ import annotations

from lab.declare.expectations.broker_state import BrokerStateExpectation
from lab.judge.evidence.broker_records import last_record, records_during
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import moment


@judges.register(BrokerStateExpectation)
def judge_broker_state(expectation: BrokerStateExpectation, evidence: Evidence) -> Finding:
    """Judge a broker's state at the end or after a step, or whether it had the state during a step."""
    if expectation.during is None:
        found, when = last_record(expectation.broker, expectation.after, evidence)
        if isinstance(found, str):
            return Outcome.UNKNOWN, found
        return at_the_end(found.state == expectation.state, f"{expectation.broker} is {found.state}{when}", evidence)
    step = evidence.timeline.last_step(expectation.during)
    if step is None:
        return Outcome.UNKNOWN, f"no step {expectation.during} was taken"
    its = records_during(expectation.broker, step, evidence)
    if not its:
        return Outcome.UNKNOWN, f"the history has no record of {expectation.broker}"
    when = f"during {expectation.during} at {moment(step.started)}"
    if any(each.state == expectation.state for each in its):
        return at_the_end(True, f"{expectation.broker} was {expectation.state} {when}", evidence)
    others = ", ".join(dict.fromkeys(each.state for each in its))
    return at_the_end(False, f"{expectation.broker} was {others} {when}", evidence)

"""What the service kept of a broker: its record as it was last, or after a step."""

from __future__ import annotations

from lab.history import BrokerRecordSeen
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import moment


def records(broker: str, evidence: Evidence) -> list[BrokerRecordSeen]:
    """Return all that was seen of a broker's record, in the order of time."""
    return [each for each in evidence.timeline.seen if isinstance(each, BrokerRecordSeen) and each.broker == broker]


def last_record(broker: str, after: str | None, evidence: Evidence) -> tuple[BrokerRecordSeen | str, str]:
    """Return what the service kept of a broker at the end, or after the last step of a verb; or why nobody knows.

    What is recorded as the step ends has its moment or an earlier one, so the last record until then counts.
    """
    timeline, when = evidence.timeline, ""
    found = records(broker, evidence)
    if after is not None:
        step = timeline.last_step(after)
        if step is None:
            return f"no step {after} was taken", ""
        if step.ended is None:
            return f"the history ends before {after} at {moment(step.started)} was done", ""
        found = [each for each in found if each.t <= step.done]
        when = f" after {after} at {moment(step.done)}"
    if not found:
        return f"the history has no record of {broker}", ""
    return found[-1], when

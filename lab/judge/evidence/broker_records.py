"""The service's record of a broker: its last one, or the one after a step."""

from __future__ import annotations

from lab.history import BrokerRecordSeen
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import moment


def records(broker: str, evidence: Evidence) -> list[BrokerRecordSeen]:
    """Return every observed record of a broker, in the order of time."""
    return [each for each in evidence.timeline.seen if isinstance(each, BrokerRecordSeen) and each.broker == broker]


def last_record(broker: str, after: str | None, evidence: Evidence) -> tuple[BrokerRecordSeen | str, str]:
    """Return a broker's record at the end or, given a verb, after the last such step; and that moment in words.

    The first value is instead the reason if there is no such record. A record made as the step ends has its moment or
    an earlier one, so the last record until then counts.
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

"""The service's record of a broker: its last one, or the one after a step."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile, takewhile

from lab.history import BrokerRecordSeen, Observation, StepEnded, StepStarted
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.step_taken import StepTaken
from lab.judge.wording import moment


def records_during(broker: str, step: StepTaken, evidence: Evidence) -> list[BrokerRecordSeen]:
    """Return the records of a broker during a step: those between its two lines, or else the last one before.

    In a simulation, other steps can change the record at the same moments.
    """

    def is_before(line: Observation) -> bool:
        return not (isinstance(line, StepStarted) and line.step == step.step)

    seen = evidence.timeline.seen
    made = _records(broker, _until_end(step, dropwhile(is_before, seen)))
    return made or _records(broker, takewhile(is_before, seen))[-1:]


def last_record(broker: str, after: str | None, evidence: Evidence) -> tuple[BrokerRecordSeen | str, str]:
    """Return a broker's record at the end or, given a verb, after the last such step; and that moment in words.

    The first value is instead the reason if there is no such record. The record after a step is the last record before
    the line of the step's end: in a simulation, the next step can change the record at the same moment.
    """
    timeline, when = evidence.timeline, ""
    lines: Iterable[Observation] = timeline.seen
    if after is not None:
        step = timeline.last_step(after)
        if step is None:
            return f"no step {after} was taken", ""
        if step.ended is None:
            return f"the history ends before {after} at {moment(step.started)} was done", ""
        lines = _until_end(step, lines)
        when = f" after {after} at {moment(step.done)}"
    found = _records(broker, lines)
    if not found:
        return f"the history has no record of {broker}", ""
    return found[-1], when


def _until_end(step: StepTaken, lines: Iterable[Observation]) -> Iterable[Observation]:
    return takewhile(lambda line: not (isinstance(line, StepEnded) and line.step == step.step), lines)


def _records(broker: str, lines: Iterable[Observation]) -> list[BrokerRecordSeen]:
    return [line for line in lines if isinstance(line, BrokerRecordSeen) and line.broker == broker]

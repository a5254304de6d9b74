"""Judge of the expectation `log`: a broker's log has a line, or has none.

A history holds warnings, errors and lines that match a named pattern.
"""

from __future__ import annotations

from lab import units
from lab.activemq.log_lines import pattern
from lab.declare.expectations.log import Log
from lab.history import LogLine
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment
from lab.units import several

_HEAD, _TAIL = 60, 90  # characters shown of a line: its class and its cause; the history has all of it


def judge(claim: Log, evidence: Evidence) -> Finding:
    """Judge whether the log has enough matching lines, or none."""
    timeline = evidence.timeline
    begin, end, since = float("-inf"), timeline.end, ""
    if claim.after is not None:
        step = timeline.last_step(claim.after)
        if step is None:
            return Outcome.UNKNOWN, f"no step {claim.after} was taken"
        begin, since = step.started, f" after {claim.after} at {moment(step.started)}"
        if claim.within is not None:
            end = step.done + claim.within.total_seconds()
    wanted = pattern(claim.matches)
    lines = [
        line
        for line in sorted(timeline.log, key=lambda line: line.t)
        if line.broker == claim.broker and not line.trace and begin <= line.t <= end and wanted.search(line.text)
    ]
    watched = timeline.end >= end and timeline.complete
    if claim.absent:
        return _judge_absence(claim, lines, watched, since, evidence)
    count = sum(line.times for line in lines)
    if count >= claim.count:
        return at_the_end(True, _found(claim, lines), evidence)
    which = f"{several(count, 'line')} of {claim.count}" if lines else "no such line"
    reason = f"{which} in the log of {claim.broker}{since}"
    if not watched:
        return Outcome.UNKNOWN, f"{reason} when the history ends at {moment(timeline.end)}"
    if claim.within is not None:
        reason += f" within {units.format_duration(claim.within)}"
    others = [line for line in timeline.log if line.broker == claim.broker and line.name and line.t >= begin]
    names = list(dict.fromkeys(line.name for line in others))
    return Outcome.BROKEN, reason + (f"; it has {', '.join(names)}" if names else "")


def _judge_absence(claim: Log, lines: list[LogLine], watched: bool, since: str, evidence: Evidence) -> Finding:
    """Judge that the log has no matching line; `watched` tells whether all of the time claimed was."""
    if lines:
        first = lines[0]
        near = evidence.causes.near(first.t, first.t)
        return Outcome.BROKEN, f"{_found(claim, lines)}{near}"
    reason = f"no such line in the log of {claim.broker}{since}"
    if not watched:
        return Outcome.UNKNOWN, f"{reason} when the history ends at {moment(evidence.timeline.end)}"
    return Outcome.HELD, reason


def _found(claim: Log, lines: list[LogLine]) -> str:
    """Return in words the number of matching lines, and the first one."""
    first = lines[0]
    when = f"at {moment(first.t)}" if first.t >= 0 else f"{gap(-first.t)} before the first step"
    short = len(first.text) <= _HEAD + _TAIL
    text = first.text if short else f"{first.text[:_HEAD]} … {first.text[-_TAIL:]}"
    return f"{several(sum(line.times for line in lines), 'line')} in the log of {claim.broker}, first {when}: {text}"

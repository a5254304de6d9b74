"""Judge of the expectation `log`: a broker's log has matching lines, or does not have any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from lab.activemq import log_lines
from lab.base import units
from lab.base.units import several
from lab.declare.expectations.logs import Log
from lab.history import LogLine
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import Timeline
from lab.judge.expectations import base
from lab.judge.expectations.base import concerns, judges, measurements
from lab.judge.findings import Finding, asked, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment, silent

_HEAD, _TAIL = 60, 90  # characters shown of a line: its class and its cause; the history has all of it


@judges.register(Log)
def judge_log(expectation: Log, evidence: Evidence) -> Finding:
    """Judge whether the log has as many matching lines as are expected, or none."""
    timeline = evidence.timeline
    begin, end, ended, since = -inf, timeline.end, 0.0, ""
    if expectation.after is not None:
        step = timeline.last_step(expectation.after)
        if step is None:
            return Outcome.UNKNOWN, f"no step {expectation.after} was taken"
        begin, since = step.started, f" after {expectation.after} at {moment(step.started)}"
        if expectation.within is not None:
            ended = step.done
            end = ended + expectation.within.total_seconds()
    its = _lines(expectation, timeline)
    matching = _matching(expectation, its, begin)
    lines = [line for line in matching if line.t <= end]
    fewest, most = _number(matching, max(begin, timeline.interval.begin), end)
    least, highest = expectation.wanted.at_least or 0, expectation.wanted.at_most
    found = _found(expectation, lines) if lines else f"no such line in the log of {expectation.broker}{since}"
    if highest is not None and fewest > highest:
        words = _found(expectation, lines, "" if expectation.absent else asked(expectation.wanted))
        return Outcome.FAILED, words + evidence.causes.near(lines[0].t, lines[0].t)
    if highest is None and fewest >= least:
        return at_the_end(True, found, evidence)
    if most < least:
        which = f"{several(most, 'line')} of {least}" if lines else "no such line"
        found = f"{which} in the log of {expectation.broker}{since}"
    if timeline.end < end or not timeline.complete:
        so_far = f"{found}; but" if most >= least and lines else f"{found} when"
        return Outcome.UNKNOWN, f"{so_far} the history ends at {moment(timeline.end)}"
    if silence := timeline.coverage.silence(expectation.broker, begin, end, kind="log"):
        return Outcome.UNKNOWN, f"{found}, but {silent(silence)}"
    cut = [line for line in its if begin <= line.t <= end and len(line.text) >= log_lines.LONGEST_LINE]
    cut = [line for line in cut if line not in matching]
    perhaps = most + sum(line.times for line in cut)
    surely = fewest >= least and (highest is None or perhaps <= highest)
    if cut and perhaps >= least and not surely:
        be = "was" if len(cut) == 1 else "were"
        words = f"{several(len(cut), 'line')} {be} cut after {log_lines.LONGEST_LINE} characters and may fit further on"
        return Outcome.UNKNOWN, f"{found}; but {words}, the first at {moment(cut[0].t)}"
    if fewest >= least and (highest is None or most <= highest):
        return Outcome.PASSED, found
    if most >= least:
        alike = f"the history counts equal lines together, so there were {fewest} to {most} in that time"
        return Outcome.UNKNOWN, f"{found}: {alike}"
    if expectation.within is not None:
        found += f" within {units.format_duration(expectation.within)} of its end at {moment(ended)}"
    names = list(dict.fromkeys(line.name for line in its if line.name and line.t >= begin))
    return Outcome.FAILED, found + (f"; it has {', '.join(names)}" if names else "")


@concerns.register(Log)
def concerned_log(expectation: Log, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step's messages may have caused such a line."""
    return expectation.matches not in log_lines.OF_NO_MESSAGE and base.usually_concerned(expectation, effort, evidence)


@measurements.register(Log)
def measured_log(expectation: Log, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield the time of the deciding line, and the time allowed, in seconds.

    The deciding line reaches the least count or exceeds the greatest. For repeated lines in one observation, which
    count as one or as all (see `_number`), only the last line's time is known.
    """
    timeline, term = evidence.timeline, expectation.term
    step = None if term is None else timeline.last_step(term.after)
    if term is None or step is None:
        return
    highest = expectation.wanted.at_most
    decisive = {expectation.wanted.at_least or 0, 0 if highest is None else highest + 1}
    fewest = most = 0
    for line in _matching(expectation, _lines(expectation, timeline), step.started):
        if any(number == fewest + 1 or most < number <= most + line.times for number in decisive):
            yield max(line.t - step.done, 0.0), term.within.total_seconds()
        fewest, most = fewest + 1, most + line.times


def _lines(expectation: Log, timeline: Timeline) -> list[LogLine]:
    """Return the lines of the broker's loggers, in order of time."""
    own = (line for line in timeline.log if line.broker == expectation.broker and not line.trace)
    return sorted(own, key=lambda line: line.t)


def _matching(expectation: Log, lines: Sequence[LogLine], begin: float) -> list[LogLine]:
    """Return the lines from a moment on that match."""
    pattern = log_lines.pattern(expectation.matches)
    return [line for line in lines if line.t >= begin and pattern.search(line.text)]


def _number(lines: Sequence[LogLine], begin: float, end: float) -> tuple[int, int]:
    """Return how many lines there were from `begin` to `end`, at least and at most; `lines` begin then.

    One that stands for several lines alike is the last of them: the others may be older than `begin` or than `end`.
    """
    fewest = most = 0
    for line in lines:
        if line.t > end:
            most += line.times - 1
            continue
        fewest += line.times if begin == -inf else 1
        most += line.times
    return fewest, most


def _found(expectation: Log, lines: list[LogLine], after: str = "") -> str:
    """Return in words the number of matching lines, then the text `after`, then the first line."""
    first = lines[0]
    when = f"at {moment(first.t)}" if first.t >= 0 else f"{gap(-first.t)} before the first step"
    short = len(first.text) <= _HEAD + _TAIL
    text = first.text if short else f"{first.text[:_HEAD]} … {first.text[-_TAIL:]}"
    number = several(sum(line.times for line in lines), "line")
    return f"{number} in the log of {expectation.broker}{after}, first {when}: {text}"

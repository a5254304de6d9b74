"""Judge of the expectation `demand`: whether a broker has a bridge's consumer on a destination, and when."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.expectations.base import Term
from lab.declare.expectations.demand import Demanded
from lab.declare.steps.base import Fault
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding, combine, unknown
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment, silent, unwatched


def judge(claim: Demanded, evidence: Evidence) -> Finding:
    """Judge the last observed demand or, after a step, the demand when `within` is over."""
    destination, timeline = str(destination_of(claim)), evidence.timeline
    seen = sorted(timeline.demand.get((claim.broker, destination), ()), key=lambda each: each.t)
    if not seen:
        return unknown(f"nobody looked for demand for {destination} on {claim.broker}", evidence)
    course: list[tuple[float, bool]] = []
    for each in seen:
        if not course or course[-1][1] is not each.present or timeline.coverage.gap(course[-1][0], each.t):
            course.append((each.t, each.present))
    if claim.term is not None:
        return combine([_judge_after(claim, claim.term, evidence, course)], evidence)
    if silence := timeline.coverage.silence(claim.broker, timeline.end, timeline.end):
        return unknown(silent(silence), evidence)
    since, present = course[-1]
    words = f"{_words(claim.broker, destination, present)}, since {moment(since)}"
    if not timeline.complete:
        return unknown(f"until then {words}", evidence)
    if present is claim.present:
        return Outcome.HELD, words
    return Outcome.BROKEN, words + evidence.causes.near(since, since)


def _judge_after(claim: Demanded, term: Term, evidence: Evidence, course: list[tuple[float, bool]]) -> Finding:
    """Judge the demand when `within` is over, or just before the next step that changes a link or a broker."""
    timeline, within = evidence.timeline, term.within.total_seconds()
    destination, step = str(destination_of(claim)), timeline.last_step(term.after)
    if step is None:
        return unknown(f"no step {term.after} was taken", evidence)
    begin = step.done
    others = (each for each in timeline.fault_steps if each.fault is not Fault.QUALITY)
    changes = (each.started for each in others if each.started >= begin)
    horizon = min(begin + within, timeline.end, *changes)
    if gap_in_it := timeline.coverage.gap(begin, horizon):
        return Outcome.UNKNOWN, unwatched(gap_in_it)
    if silence := timeline.coverage.silence(claim.broker, horizon, horizon):
        return Outcome.UNKNOWN, silent(silence)
    known = [(t, present) for t, present in course if t <= horizon]
    since, present = known[-1] if known else (begin, False)
    words, after = _words(claim.broker, destination, present), f"after {term.after} at {moment(begin)}"
    if known and present is claim.present:
        if since <= begin and (silence := timeline.coverage.silence(claim.broker, begin, horizon)):
            return Outcome.HELD, f"{words} {gap(horizon - begin)} {after}, as before it; {silent(silence)}"
        return Outcome.HELD, f"{words} {gap(since - begin)} {after}" if since > begin else f"{words} all along {after}"
    if horizon < begin + within:
        what = "the history ends" if horizon == timeline.end else "another step interferes"
        return Outcome.UNKNOWN, f"{words} {gap(horizon - begin)} {after}, when {what}: sooner than {gap(within)}"
    later = next((t for t, found in course if t > horizon and found is claim.present), None)
    when = f"it took {gap(later - begin)}" if later is not None else "and not later either"
    return Outcome.BROKEN, f"{words} when the time was over, {gap(within)} {after}; {when}"


def _words(broker: str, destination: str, present: bool) -> str:
    return f"{broker} has {'demand' if present else 'no demand'} for {destination}"

"""Judge of the expectation `demand`: whether a broker has a bridge's consumer on a destination, and when."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.declare.expectations.base import Term
from lab.declare.expectations.demand import Demanded
from lab.judge.evidence.coverage import Silence
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import Timeline
from lab.judge.expectations.base import judges, measurements
from lab.judge.findings import Finding, combine, unknown
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment, silent, unwatched


@judges.register(Demanded)
def judge_demand(expectation: Demanded, evidence: Evidence) -> Finding:
    """Judge the last observed demand or, after a step, the demand when `within` is over."""
    destination, timeline = str(destination_of(expectation)), evidence.timeline
    course = _course(expectation, timeline)
    if not course:
        return unknown(f"demand was not watched for {destination} on {expectation.broker}", evidence)
    if expectation.term is not None:
        return combine([_judge_after(expectation, expectation.term, evidence, course)], evidence)
    if silence := _unseen(expectation, timeline, timeline.end):
        return unknown(silent(silence), evidence)
    since, present = course[-1]
    words = f"{_words(expectation.broker, destination, present)}, since {moment(since)}"
    if not timeline.complete:
        return unknown(f"until then {words}", evidence)
    if present is expectation.present:
        return Outcome.PASSED, words
    return Outcome.FAILED, words + evidence.causes.near(since, since)


@measurements.register(Demanded)
def measured_demand(expectation: Demanded, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield when, after a step, demand came to be as expected or ceased to, with the time allowed; in seconds."""
    timeline, term = evidence.timeline, expectation.term
    step = None if term is None else timeline.last_step(term.after)
    if term is None or step is None:
        return
    until, was = timeline.next_fault(step), False
    for t, present in _course(expectation, timeline):
        is_expected = present is expectation.present
        if step.done < t <= until and is_expected is not was:
            yield t - step.done, term.within.total_seconds()
        was = is_expected


def _course(expectation: Demanded, timeline: Timeline) -> list[tuple[float, bool]]:
    """Return since when demand was there or not, in order of time; after a gap in the watching once more."""
    seen = timeline.demand.get((expectation.broker, str(destination_of(expectation))), ())
    course: list[tuple[float, bool]] = []
    for each in sorted(seen, key=lambda each: each.t):
        if not course or course[-1][1] is not each.present or timeline.coverage.gap(course[-1][0], each.t):
            course.append((each.t, each.present))
    return course


def _unseen(expectation: Demanded, timeline: Timeline, t: float) -> Silence | None:
    """Return why it is unknown whether demand was there at a moment; None if it is known."""
    looks = timeline.looks.get((expectation.broker, str(destination_of(expectation))), ())
    between = (each for each in looks if each.begin <= t < each.end)
    return timeline.coverage.silence(expectation.broker, t, t) or next(between, None)


def _judge_after(expectation: Demanded, term: Term, evidence: Evidence, course: list[tuple[float, bool]]) -> Finding:
    """Judge the demand when `within` is over, or just before the next step that changes a link or a broker."""
    timeline, within = evidence.timeline, term.within.total_seconds()
    destination, step = str(destination_of(expectation)), timeline.last_step(term.after)
    if step is None:
        return unknown(f"no step {term.after} was taken", evidence)
    begin = step.done
    horizon = min(begin + within, timeline.end, timeline.next_fault(step))
    if gap_in_it := timeline.coverage.gap(begin, horizon):
        return Outcome.UNKNOWN, unwatched(gap_in_it)
    if silence := _unseen(expectation, timeline, horizon):
        return Outcome.UNKNOWN, silent(silence)
    known = [(t, present) for t, present in course if t <= horizon]
    if not known:
        return unknown(
            f"demand was not watched for {destination} on {expectation.broker} before {moment(horizon)}", evidence
        )
    since, present = known[-1]
    words, after = _words(expectation.broker, destination, present), f"after {term.after} at {moment(begin)}"
    if present is expectation.present:
        if since <= begin and (silence := timeline.coverage.silence(expectation.broker, begin, horizon)):
            return Outcome.PASSED, f"{words} {gap(horizon - begin)} {after}, as before it; {silent(silence)}"
        return (
            Outcome.PASSED,
            f"{words} {gap(since - begin)} {after}" if since > begin else f"{words} all along {after}",
        )
    if horizon < begin + within:
        what = "the history ends" if horizon == timeline.end else "another step interferes"
        return Outcome.UNKNOWN, f"{words} {gap(horizon - begin)} {after}, when {what}: sooner than {gap(within)}"
    later = next((t for t, found in course if t > horizon and found is expectation.present), None)
    when = f"it took {gap(later - begin)}" if later is not None else "and not later either"
    return Outcome.FAILED, f"{words} when the time was over, {gap(within)} {after}; {when}"


def _words(broker: str, destination: str, present: bool) -> str:
    return f"{broker} has {'demand' if present else 'no demand'} for {destination}"

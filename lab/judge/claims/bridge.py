"""Judge of the expectation `bridge`: the ends at which a bridge is up, when, and whether their counters agree."""

from __future__ import annotations

from collections.abc import Iterable

from lab import units
from lab.declare.expectations.base import Term
from lab.declare.expectations.bridge import Bridge
from lab.declare.steps.base import Fault
from lab.judge.evidence.agreement import both_ends, ways
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import End
from lab.judge.findings import Finding, at_the_end, combine
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, moment, unwatched

_ATTEMPT = 1.0  # seconds; an end that was gone at the next look, half a second later, had lasted less


def judge(claim: Bridge, evidence: Evidence) -> Finding:
    """Judge which ends were up and since when, and whether their counters agree."""
    timeline = evidence.timeline
    initiators = [
        end
        for end in timeline.bridges
        if end.connector == claim.connector and not end.created_by_duplex and claim.broker in (None, end.broker)
    ]
    if len({end.broker for end in initiators}) > 1:
        brokers = listed(sorted({end.broker for end in initiators}))
        return Outcome.UNKNOWN, f"{brokers} each have a connector of that name: say which broker is meant"
    findings = []
    if claim.up is not None:
        findings.append(_judge_up(claim, evidence, initiators))
    if claim.agree:
        findings.append(_judge_agreement(claim, evidence, initiators))
    return combine(findings, evidence)


def _judge_agreement(claim: Bridge, evidence: Evidence, initiators: list[End]) -> Finding:
    """Judge whether each end received what the other dequeued, by their last observed counters."""
    timeline = evidence.timeline
    if timeline.standing:
        return Outcome.UNKNOWN, "its ends are asked what they counted when a run ends, and not while a lab stands"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}, before its ends were counted"
    if not initiators:
        return Outcome.UNKNOWN, f"no end of {claim.connector} was ever seen"
    both = [both_ends(near, timeline.bridges) for near in initiators]
    differ: list[str] = []
    agree: list[str] = []
    why = [each for each in both if isinstance(each, str)]
    for one, other in (way for each in both if not isinstance(each, str) for way in ways(each)):
        words = f"{one.broker} gave {one.dequeued} and {other.broker} took {other.received}"
        (agree if one.dequeued == other.received else differ).append(words)
    if differ:
        last = max(timeline.bridges[near].t for near in initiators)
        return Outcome.BROKEN, f"its ends disagree: {'; '.join(differ)}{evidence.causes.near(last, last)}"
    if why:
        return Outcome.UNKNOWN, f"its ends cannot be compared: {'; '.join(why)}"
    return Outcome.HELD, f"its ends agree: {', '.join(agree)}"


def _judge_up(claim: Bridge, evidence: Evidence, initiators: list[End]) -> Finding:
    """Judge the state at the end, or within a time after a step."""
    course = _course(initiators, evidence.timeline.bridge_changes)
    if claim.term is not None:
        return combine([_judge_after(claim.term, claim.up, evidence, course)], evidence)
    since, state = course[-1]
    reason = f"{_words(state, initiators)}, since {moment(since)}" if len(course) > 1 else _words(state, initiators)
    if state != claim.up and len(course) > 1:
        reason += evidence.causes.near(since, since, bridges=False)
    return at_the_end(state == claim.up, reason, evidence)


def _judge_after(term: Term, up: str | None, evidence: Evidence, course: list[tuple[float, str]]) -> Finding:
    """Judge the state when `within` is over, or just before the next step that changes a link or a broker.

    A bridge with a wrong password is up for some milliseconds at every attempt, so a state in between proves nothing.
    """
    timeline, after, within = evidence.timeline, term.after, term.within.total_seconds()
    step = timeline.last_step(after)
    if step is None:
        return Outcome.UNKNOWN, f"no step {after} was taken"
    begin = step.done
    own = (begin, step.step)  # a step that takes no time is not its own successor, nor are earlier ones
    later_steps = (s for s in timeline.fault_steps if (s.started, s.step) > own)
    next_step = min((s.started for s in later_steps if s.fault is not Fault.QUALITY), default=None)
    deadline = begin + within
    horizon = min(deadline, timeline.end, deadline if next_step is None else next_step)
    since, state = _state_at(course, horizon)
    if up == "nowhere" and state != up:
        since, state = _state_at(_without_attempts(course), horizon)
    if gap_in_it := timeline.coverage.gap(begin, horizon):
        return Outcome.UNKNOWN, unwatched(gap_in_it)
    if state == up:
        took = since - begin
        if took <= 0:
            return Outcome.HELD, f"{_name(state)} all along after {after} at {moment(begin)}"
        return Outcome.HELD, f"{_name(state)} {gap(took)} after {after} at {moment(begin)}"
    later = next((t for t, found in course if t > horizon and found == up), None)
    if horizon < deadline:
        what = "the history ends" if horizon == timeline.end else "another step interferes"
        return Outcome.UNKNOWN, (
            f"{_name(state)} {gap(horizon - begin)} after {after} at {moment(begin)}, when {what}: sooner than "
            f"{units.format_duration(term.within)} were over"
        )
    when = f"it took {gap(later - begin)}" if later is not None else "and not later either"
    return Outcome.BROKEN, f"{_name(state)} when the time was over, {gap(within)} after {after}; {when}"


def _course(initiators: list[End], changes: Iterable[tuple[float, End, bool]]) -> list[tuple[float, str]]:
    """Return the bridge's states in order, each with its first moment; the first state is "nowhere"."""
    up: set[End] = set()
    course = [(float("-inf"), "nowhere")]
    for t, end, is_up in changes:
        if end not in initiators and not any(end.answers(near) for near in initiators):
            continue
        (up.add if is_up else up.discard)(end)
        near, far = any(not one.created_by_duplex for one in up), any(one.created_by_duplex for one in up)
        state = "both-ends" if near and far else "initiator" if near else "responder" if far else "nowhere"
        if state != course[-1][1]:
            course.append((t, state))
    return course


def _state_at(course: list[tuple[float, str]], moment: float) -> tuple[float, str]:
    """Return the state at a moment, with when it began."""
    return [(t, state) for t, state in course if t <= moment][-1]


def _without_attempts(course: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the course without the moments at which one end alone showed itself and went again.

    A connector that is refused has such an end for an instant at every attempt; a look every half second meets some.
    """
    found = course[:1]
    for at, (t, state) in enumerate(course[1:], 1):
        follows = course[at + 1] if at + 1 < len(course) else None
        is_attempt = state in ("initiator", "responder") and found[-1][1] == "nowhere"
        if is_attempt and follows is not None and follows[1] == "nowhere" and follows[0] - t < _ATTEMPT:
            continue
        if state != found[-1][1]:
            found.append((t, state))
    return found


def _name(state: str) -> str:
    """Return a state in words."""
    names = {
        "both-ends": "up at both ends",
        "initiator": "up at the initiator only",
        "responder": "up at the responder only",
        "nowhere": "up nowhere",
    }
    return names[state]


def _words(state: str, initiators: list[End]) -> str:
    """Return a state in words, with the brokers of the bridge."""
    if not initiators:
        return "no end of it was ever seen"
    end = initiators[0]
    where = {
        "both-ends": f" ({end.broker}, and {end.remote} created by duplex)",
        "initiator": f" ({end.broker}; nothing created by duplex on {end.remote})",
        "responder": f" ({end.remote}, created by duplex)",
    }
    return _name(state) + where.get(state, "")

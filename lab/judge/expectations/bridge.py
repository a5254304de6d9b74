"""Judge of the expectation `bridge`: the ends at which a bridge is up, when, and whether their counters agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import inf
from typing import NamedTuple

from lab.base import units
from lab.declare.expectations.base import Term
from lab.declare.expectations.forwarding import Bridge
from lab.judge.evidence.agreement import both_ends, unanswered, ways
from lab.judge.evidence.coverage import Silence
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import End, Timeline
from lab.judge.expectations import base
from lab.judge.expectations.base import evidence_ends, judges, measurements
from lab.judge.findings import Finding, at_the_end, combine, unknown
from lab.judge.values import Outcome
from lab.judge.wording import gap, listed, moment, silent, unwatched

_STATES = {(True, True): "both-ends", (True, False): "initiator", (False, True): "responder", (False, False): "nowhere"}
_NAMES = {
    "both-ends": "up at both ends",
    "initiator": "up at the initiator only",
    "responder": "up at the responder only",
    "nowhere": "up nowhere",
}
_ATTEMPT = 1.0  # seconds; an end that was gone at the next look, half a second later, had lasted less


@judges.register(Bridge)
def judge_bridge(expectation: Bridge, evidence: Evidence) -> Finding:
    """Judge which ends were up and since when, and whether their counters agree."""
    initiators = _initiators(expectation, evidence.timeline)
    if len({end.broker for end in initiators}) > 1:
        brokers = listed(sorted({end.broker for end in initiators}))
        return Outcome.UNKNOWN, f"{brokers} each have a connector of that name: name the broker"
    findings = []
    if expectation.up is not None:
        findings.append(_judge_up(expectation, evidence, initiators))
    if expectation.agree:
        findings.append(_judge_agreement(expectation, evidence, initiators))
    return combine(findings, evidence)


@evidence_ends.register(Bridge)
def until_bridge(expectation: Bridge, evidence: Evidence) -> float:
    """Return when its term is over, in seconds; infinity where its ends are compared, which is at the end."""
    return inf if expectation.agree else base.usual_end(expectation, evidence)


@measurements.register(Bridge)
def measured_bridge(expectation: Bridge, evidence: Evidence) -> Iterator[tuple[float, float]]:
    """Yield when, after a step, the bridge came to be as expected or ceased to, with the time allowed; in seconds."""
    timeline, term = evidence.timeline, expectation.term
    step = None if term is None else timeline.last_step(term.after)
    if term is None or step is None:
        return
    course = _course(
        expectation, _initiators(expectation, timeline), timeline, attempts=expectation.up != "nowhere", looks=False
    )
    until = timeline.next_fault(step)
    for before, each in pairwise(course):
        if step.done < each.t <= until and (before.name == expectation.up) is not (each.name == expectation.up):
            yield each.t - step.done, term.within.total_seconds()


def _initiators(expectation: Bridge, timeline: Timeline) -> list[End]:
    """Return the initiators' ends that an expectation is about, the unseen ones where there are no others."""
    seen = [
        end
        for end in timeline.bridges
        if end.connector == expectation.connector
        and not end.created_by_duplex
        and expectation.broker in (None, end.broker)
    ]
    return seen or _of_responders(expectation, timeline)


def _of_responders(expectation: Bridge, timeline: Timeline) -> list[End]:
    """Return the unseen initiators' ends of those that responders had under the connector's name."""
    return [
        End(end.connector, end.remote, end.broker, created_by_duplex=False)
        for end in timeline.bridges
        if end.created_by_duplex and end.connector == expectation.connector and expectation.broker in (None, end.remote)
    ]


def _judge_agreement(expectation: Bridge, evidence: Evidence, initiators: list[End]) -> Finding:
    """Judge whether each end received as many as the other dequeued, by their last observed counters."""
    timeline = evidence.timeline
    if timeline.standing:
        return Outcome.UNKNOWN, "the counters of its ends are read when a run ends, and not in a running lab"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}, before its ends were counted"
    if not initiators:
        return Outcome.UNKNOWN, f"no end of {expectation.connector} was ever seen"
    both = [both_ends(near, timeline) for near in initiators]
    differ: list[str] = []
    agree: list[str] = []
    why = [each for each in both if isinstance(each, str)]
    for one, other in (way for each in both if not isinstance(each, str) for way in ways(each)):
        words = f"{one.broker} gave {one.dequeued} and {other.broker} took {other.received}"
        if unanswered(one, other, timeline):
            why.append(f"{words}, whose answers may still be on their way")
        else:
            (agree if one.dequeued == other.received else differ).append(words)
    if differ:
        last = max(timeline.bridges[near].t for near in initiators)
        return Outcome.FAILED, f"its ends disagree: {'; '.join(differ)}{evidence.causes.near(last, last)}"
    if why:
        return Outcome.UNKNOWN, f"its ends cannot be compared: {'; '.join(why)}"
    return Outcome.PASSED, f"its ends agree: {', '.join(agree)}"


def _judge_up(expectation: Bridge, evidence: Evidence, initiators: list[End]) -> Finding:
    """Judge the state at the end, or within a time after a step."""
    course = _course(expectation, initiators, evidence.timeline)
    if expectation.term is not None:
        return combine([_judge_after(expectation, expectation.term, evidence, course, initiators)], evidence)
    last = _state_at(course, evidence.timeline.end)
    if last.name is None:
        outcome, why = _doubtful(expectation.up, last, evidence)
        return at_the_end(False, why, evidence) if outcome is Outcome.FAILED else (outcome, why)
    words = _words(last.name, initiators)
    reason = f"{words}, since {moment(last.t)}" if len(course) > 1 else words
    if last.name != expectation.up and len(course) > 1:
        reason += evidence.causes.near(last.t, last.t, bridges=False)
    return at_the_end(last.name == expectation.up, reason, evidence)


def _judge_after(
    expectation: Bridge, term: Term, evidence: Evidence, course: list[_State], initiators: list[End]
) -> Finding:
    """Judge the state when `within` is over, or just before the next step that changes a link or a broker.

    A bridge with a wrong password is up for some milliseconds at every attempt, so a state in between proves nothing:
    nowhere counts without such attempts.
    """
    timeline, up, after, within = evidence.timeline, expectation.up, term.after, term.within.total_seconds()
    step = timeline.last_step(after)
    if step is None:
        return Outcome.UNKNOWN, f"no step {after} was taken"
    begin = step.done
    deadline = begin + within
    horizon = min(deadline, timeline.end, timeline.next_fault(step))
    found, attempts = _state_at(course, horizon), True
    if up == "nowhere" and found.name != up:
        found, attempts = _state_at(_course(expectation, initiators, timeline, attempts=False), horizon), False
    lasting = _course(expectation, initiators, timeline, attempts=attempts, looks=False)
    if gap_in_it := timeline.coverage.gap(begin, horizon):
        return Outcome.UNKNOWN, unwatched(gap_in_it)
    if found.name is None and (up in found.possible or horizon == deadline):
        return _doubtful(up, found, evidence, f", {gap(horizon - begin)} after {after}")
    if found.name == up:
        # Since it was first seen so: just before a step that interferes it is known again, and did not begin.
        took = _state_at(lasting, horizon).t - begin
        if took <= 0:
            return Outcome.PASSED, f"{_name(up)} all along after {after} at {moment(begin)}"
        return Outcome.PASSED, f"{_name(up)} {gap(took)} after {after} at {moment(begin)}"
    if up == "nowhere" and horizon >= lasting[-1].t and _perhaps_attempt(lasting, timeline):
        words = f"{_name(found.name)} {gap(timeline.end - found.t)} before the history ends"
        return unknown(f"{words}: it is unknown whether this was a refused connection attempt", evidence)
    later = next((each.t for each in course if each.t > horizon and each.name == up), None)
    if horizon < deadline:
        what = "the history ends" if horizon == timeline.end else "another step interferes"
        return Outcome.UNKNOWN, (
            f"{_name(found.name)} {gap(horizon - begin)} after {after} at {moment(begin)}, when {what}: sooner than "
            f"{units.format_duration(term.within)} were over"
        )
    when = f"it took {gap(later - begin)}" if later is not None else "and not later either"
    return Outcome.FAILED, f"{_name(found.name)} when the time was over, {gap(within)} after {after}; {when}"


class _State(NamedTuple):
    """Whether a bridge's initiator and its responder had an end, from a moment on; None if it is unknown."""

    t: float
    near: bool | None
    far: bool | None
    silences: tuple[Silence, ...] = ()  # those that leave it open

    @property
    def possible(self) -> frozenset[str]:
        """Return the states, as an expectation names them, that it may have been in."""
        return frozenset(
            _STATES[near, far]
            for near in ((True, False) if self.near is None else (self.near,))
            for far in ((True, False) if self.far is None else (self.far,))
        )

    @property
    def name(self) -> str | None:
        """Return the state that it was in; None if it is unknown."""
        return None if self.near is None or self.far is None else _STATES[self.near, self.far]


def _course(
    expectation: Bridge, initiators: list[End], timeline: Timeline, *, attempts: bool = True, looks: bool = True
) -> list[_State]:
    """Return the bridge's states in order of time, each with its first moment; the first one is "nowhere".

    Without `attempts`, moments are skipped at which one end alone appeared and went again. Without `looks`, a state
    lasts until a poll found another state.
    """
    nears, fars = {end.broker for end in initiators}, {end.remote for end in initiators}
    silences = [each for each in timeline.coverage.silences if each.kind == "management"]
    if not initiators:  # then any broker may have had an end of it unseen
        nears, fars = {expectation.broker or each.broker for each in silences}, {each.broker for each in silences}
    silences = [each for each in silences if each.broker in nears | fars]
    turns = [(t, end, is_up) for t, end, is_up in timeline.bridge_changes if _is_of(end, initiators)]
    turns.sort(key=lambda turn: turn[0])
    left_out = set[float]() if attempts else _attempts(_states(turns, silences, nears, fars), timeline)
    for end, between in timeline.looks.items() if looks else ():
        if isinstance(end, End) and _is_of(end, initiators):
            silences += [each for each in between if each.end not in left_out]
    return _states([turn for turn in turns if turn[0] not in left_out], silences, nears, fars)


def _states(
    turns: list[tuple[float, End, bool]], silences: list[Silence], nears: set[str], fars: set[str]
) -> list[_State]:
    """Return the states that ends which came and went make, in order of time."""
    moments = {*(t for t, _, _ in turns), *(t for each in silences for t in (each.begin, each.end))} - {inf}
    up: set[End] = set()
    course, place = [_State(-inf, False, False)], 0
    for t in sorted(moments):
        while place < len(turns) and turns[place][0] <= t:
            (up.add if turns[place][2] else up.discard)(turns[place][1])
            place += 1
        silent = {each.broker: each for each in silences if each.begin <= t < each.end}
        near = _is_up(up, nears, silent, responders=False)
        far = _is_up(up, fars, silent, responders=True)
        state = _State(t, near, far, tuple(silent.values()) if None in (near, far) else ())
        if state[1:] != course[-1][1:]:
            course.append(state)
    return course


def _is_of(end: End, initiators: list[End]) -> bool:
    return end in initiators or any(end.answers(near) for near in initiators)


def _is_up(up: set[End], brokers: set[str], silent: Mapping[str, Silence], *, responders: bool) -> bool | None:
    """Return whether one of the brokers has an end that is up; None if those that may have one are silent."""
    if any(end.created_by_duplex is responders and end.broker not in silent for end in up):
        return True
    return None if brokers & silent.keys() else False


def _state_at(course: list[_State], moment: float) -> _State:
    """Return the state at a moment."""
    return [each for each in course if each.t <= moment][-1]


def _attempts(course: list[_State], timeline: Timeline) -> set[float]:
    """Return the moments at which one end alone showed itself, and went again of its own accord.

    A connector that is refused has such an end for an instant at every attempt; a look every half second meets some.
    """
    faults = [step.started for step in timeline.steps if step.interferes]
    found = set[float]()
    for before, each, follows in zip(course, course[1:], course[2:], strict=False):
        is_attempt = each.name in ("initiator", "responder") and before.name == follows.name == "nowhere"
        if is_attempt and follows.t - each.t < _ATTEMPT and not any(each.t <= t <= follows.t for t in faults):
            found |= {each.t, follows.t}
    return found


def _perhaps_attempt(course: list[_State], timeline: Timeline) -> bool:
    """Return whether one end alone appeared last, too late in the history to show whether it went again."""
    alone = course[-1].name in ("initiator", "responder") and course[-2].name == "nowhere"
    return alone and timeline.end - course[-1].t < _ATTEMPT


def _doubtful(up: str | None, state: _State, evidence: Evidence, when: str = "") -> Finding:
    """Return the finding about a moment at which a broker was silent: failed if known facts contradict it."""
    why = "; ".join(silent(each) for each in state.silences)
    ends = [
        f"{who} {'had an end' if is_up else 'had none'}"
        for who, is_up in (("the initiator", state.near), ("the responder", state.far))
        if is_up is not None
    ]
    known = f"{' and '.join(ends)}, and the other end is unknown" if ends else "it is unknown whether it was up"
    if up in state.possible:
        return unknown(f"{known}{when}: {why}", evidence)
    return Outcome.FAILED, f"{known}{when}: {why}"


def _name(state: str | None) -> str:
    """Return a state in words."""
    return "up, as far as is known," if state is None else _NAMES[state]


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

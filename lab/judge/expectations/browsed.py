"""Judge of the expectation `browsed`: the messages that a browser saw, and whether those were all."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.base.units import several
from lab.declare.expectations.browsed import BrowsedExpectation
from lab.history import Approached, Browsed
from lab.judge.evidence.efforts import Effort
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.step_taken import of_attempt
from lab.judge.expectations import base
from lab.judge.expectations.base import concerns, evidence_ends, judges, shortfalls
from lab.judge.findings import Finding, asked, at_the_end, unknown
from lab.judge.values import Outcome
from lab.judge.wording import moment


@judges.register(BrowsedExpectation)
def judge_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> Finding:
    """Judge how many messages a client saw the last time that it browsed."""
    seen = _last_look(expectation, evidence)
    if seen is None:
        return unknown(f"{expectation.client} never browsed", evidence)
    number = len(seen.ids) + seen.others
    words = f"{expectation.client} saw {several(number, 'message')} of {seen.destination} on {seen.broker}"
    words += f" at {moment(seen.t)}"
    if not evidence.timeline.complete:  # it may have browsed again
        return at_the_end(True, words, evidence)
    why = _not_all(seen, number)
    if expectation.count.at_most is not None and number > expectation.count.at_most:
        return Outcome.FAILED, words + asked(expectation.count)
    if why and (expectation.count.at_most is not None or number < (expectation.count.at_least or 0)):
        return unknown(f"{words}, {why}", evidence)
    passed = expectation.count.holds(number)
    return Outcome.of(passed), words + ("" if passed else asked(expectation.count))


@evidence_ends.register(BrowsedExpectation)
def until_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> float:
    """Return when the client browsed the last time, in seconds; infinity if it never did."""
    look = _last_look(expectation, evidence)
    return inf if look is None else look.t


@concerns.register(BrowsedExpectation)
def concerned_browsed(expectation: BrowsedExpectation, effort: Effort, evidence: Evidence) -> bool:
    """Return whether a step sent to, or took of, the queue before the client browsed it."""
    look = _last_look(expectation, evidence)
    return look is not None and effort.began < look.t and look.destination in base.destinations(effort, evidence)


@shortfalls.register(BrowsedExpectation)
def unmet_browsed(expectation: BrowsedExpectation, evidence: Evidence) -> Iterator[str]:
    """Yield a reason if the client was to browse once more and could not."""
    its = [
        seen
        for seen in evidence.timeline.seen
        if isinstance(seen, Browsed | Approached) and seen.client == expectation.client
    ]
    if its and isinstance(tried := its[-1], Approached) and tried.outcome != "ok":
        step = of_attempt(tried, evidence.timeline.steps)
        if step is None or not step.fails:
            yield f"{tried.client} could not browse at {moment(tried.t)} ({tried.outcome}; give each look a client)"


def _last_look(expectation: BrowsedExpectation, evidence: Evidence) -> Browsed | None:
    """Return the client's last browsing; None if it never browsed."""
    its = (each for each in reversed(evidence.timeline.seen) if isinstance(each, Browsed))
    return next((each for each in its if each.client == expectation.client), None)


def _not_all(look: Browsed, number: int) -> str:
    """Return why a browser may not have seen all; "" if it has."""
    if not look.ended:
        return "and the broker did not confirm that this was all"
    if look.waiting is None:
        return "and the broker did not answer how many there were"
    if number < look.waiting:
        return f"and the broker counted {look.waiting}: it shows a browser 400, or its policy's maxBrowsePageSize"
    return ""

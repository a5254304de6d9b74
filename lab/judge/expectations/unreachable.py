"""Judge of the expectation `unreachable`: every attempt failed as expected; one that succeeded breaks it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.declare.expectations.unreachable import Unreachable
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment

_OUTCOMES = {
    "ok": "was let in",
    "refused": "was refused",
    "timed-out": "timed out",
    "tls-failed": "failed in TLS",
    "not-authorised": "was not authorised",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The moment, outcome and description of something that a client tried."""

    t: float
    outcome: str
    text: str


@judges.register(Unreachable)
def judge_unreachable(expectation: Unreachable, evidence: Evidence) -> Finding:
    """Judge the outcomes of attempts, and of subscriptions and sends that succeeded."""
    timeline = evidence.timeline
    results = sorted(_results(expectation, evidence), key=lambda result: result.t)
    others = [result for result in results if result.outcome != expectation.why]
    if others:
        near = evidence.causes.near(others[0].t, others[0].t)
        return Outcome.FAILED, f"{others[0].text}{near}"
    if not results:
        return Outcome.UNKNOWN, "nothing of the kind was tried" + (
            "" if timeline.complete else f" when the history ends at {moment(timeline.end)}"
        )
    if not timeline.complete:
        return at_the_end(True, results[0].text, evidence)
    each = "" if len(results) == 1 else f"{several(len(results), 'attempt')}, each {expectation.why}; first: "
    return Outcome.PASSED, f"{each}{results[0].text}"


def _results(expectation: Unreachable, evidence: Evidence) -> Iterator[_Result]:
    """Yield the result of each attempt, subscription and accepted send that the expectation is about."""
    wanted = destination_of(expectation)
    timeline = evidence.timeline
    for seen in timeline.approaches:
        named = expectation.client in (None, seen.client) and expectation.broker in (None, seen.broker)
        if named and expectation.over in (None, seen.over) and wanted in (None, seen.destination):
            doing = f" ({seen.what} {seen.destination})" if seen.destination else ""
            ended = _OUTCOMES.get(seen.outcome, "failed otherwise")
            words = f"{seen.client} at {seen.broker} over {seen.over}{doing} {ended} after {gap(seen.took)}"
            note = f": {seen.note}" if seen.note else ""
            yield _Result(t=seen.t, outcome=seen.outcome, text=f"{words}, at {moment(seen.t)}{note}")
    for subscription in evidence.ledger.subscriptions.values():
        named = expectation.client in (None, subscription.client) and expectation.broker in (None, subscription.broker)
        if named and expectation.over in (None, subscription.over) and wanted in (None, subscription.destination):
            starts = [start for start, _ in subscription.windows if start >= timeline.interval.begin]
            if subscription.windows and not starts:
                continue  # it began before the interval that is judged
            since = starts[0] if starts else 0.0
            words = f"{subscription.client} subscribed to {subscription.destination} at {subscription.broker}"
            yield _Result(t=since, outcome="ok", text=f"{words} over {subscription.over}, at {moment(since)}")
    if expectation.client is not None:
        return  # a publish step's client has no name in the scenario
    for publication in evidence.ledger.publications.values():
        named = expectation.broker in (None, publication.broker) and expectation.over in (None, publication.over)
        number = publication.first_accepted()
        if named and wanted in (None, publication.destination) and number is not None:
            words = f"{publication.broker} accepted {publication.named(number)} over {publication.over}"
            sent = publication.sent_at[number]
            yield _Result(t=sent, outcome="ok", text=f"{words}, sent at {moment(sent)}")

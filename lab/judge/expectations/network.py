"""Judges of the expectations of connections and packets: reachable, unreachable, dropped."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from lab.activemq.destinations import destination_of
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.declare.expectations.network import END, Dropped, Reachable, Unreachable
from lab.history import Attempted, PacketsDropped
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import evidence_ends, judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.judge.wording import gap, moment

_ANSWERED = ("open", "refused")


@judges.register(Reachable)
def judge_reachable(expectation: Reachable, evidence: Evidence) -> Finding:
    """Judge the last attempt, by the answer to its packets, the network's rules, and whether both agree."""
    tried = _tried(expectation, evidence)
    if not tried:
        when = "at the end" if expectation.at == END else f"by a step called {expectation.at}"
        return Outcome.UNKNOWN, f"it was not tried {when}"
    last = tried[-1]
    if last.allowed != (last.answer in _ANSWERED):
        rules = "allow it" if last.allowed else f"do not allow it ({last.why})"
        return Outcome.FAILED, f"packets and network disagree: {_outcome(last)}, and the network's rules {rules}"
    if last.answer != expectation.answer:
        return Outcome.FAILED, f"{_outcome(last)}{_why(last)}"
    if expectation.because is not None and expectation.because != last.stop:
        return Outcome.FAILED, f"{_outcome(last)}, but because of {last.stop or 'nothing'}{_why(last)}"
    return Outcome.PASSED, f"{_outcome(last)}{_why(last)}"


@evidence_ends.register(Reachable)
def until_reachable(expectation: Reachable, evidence: Evidence) -> float:
    """Return when the connection was tried, in seconds; infinity if it was not."""
    return max((each.t for each in _tried(expectation, evidence)), default=inf)


def _tried(expectation: Reachable, evidence: Evidence) -> list[Attempted]:
    """Return the attempts that an expectation is about, of which the last one counts."""
    wanted = (expectation.at, expectation.source, expectation.to, expectation.port)
    return [each for each in evidence.timeline.attempts if wanted == (each.name, each.source, each.target, each.port)]


def _outcome(tried: Attempted) -> str:
    """Return the answer of an attempt and when it came, in words."""
    took = gap(tried.took_ms / 1000)
    how = f"silent for {took}" if tried.answer == "silent" else f"{tried.answer} after {took}"
    return f"{how} at {moment(tried.t)}"


def _why(tried: Attempted) -> str:
    """Return why an attempt had its answer, as the end of a sentence; "" if unknown."""
    counted = "; ".join(f"{several(packets, 'packet')} dropped: {cause}" for cause, packets in tried.dropped.items())
    parts = [tried.why] if tried.why and tried.why not in tried.dropped else []
    parts += [f"the router counted {counted}"] if counted else []
    return f": {'; '.join(parts)}" if parts else ""


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


_AT = {"way": "no-way", "out": "no-egress-rule", "in": "no-ingress-rule"}


@judges.register(Dropped)
def judge_dropped(expectation: Dropped, evidence: Evidence) -> Finding:
    """Judge the number of packets that the router dropped, by its own counters."""
    timeline = evidence.timeline
    if timeline.standing:
        return Outcome.UNKNOWN, "the router's drop counters are read when a run ends, and not in a running lab"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}, before the router was asked"
    found = [each for each in timeline.dropped if _matches(expectation, each)]
    packets = sum(each.packets for each in found)
    causes = "; ".join(f"{each.packets}: {each.cause}" for each in found)
    reason = f"{several(packets, 'packet')} dropped" + (f" ({causes})" if causes else "")
    return Outcome.of(expectation.packets.holds(packets)), reason


def _matches(expectation: Dropped, dropped: PacketsDropped) -> bool:
    """Return whether the expectation is about these packets."""
    ends = (expectation.source, expectation.to) == (dropped.source, dropped.target)
    port = expectation.port is None or f" {expectation.port} " in f"{dropped.cause} "
    return ends and port and expectation.because in (None, _AT.get(dropped.at))

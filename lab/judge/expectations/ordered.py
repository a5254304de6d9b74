"""Judge of the expectation `ordered`: the order in which messages reached each subscriber."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.base.units import several
from lab.declare.expectations.ordered import Ordered
from lab.history.expected.records import Subscription
from lab.judge.equal_bodies import equal_bodies
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, combine, never_subscribed
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment


@judges.register(Ordered)
def judge_ordered(expectation: Ordered, evidence: Evidence) -> Finding:
    """Judge whether each producer's messages arrived in the order of sending."""
    chosen = evidence.chosen(expectation.to, destination_of(expectation))
    findings = never_subscribed(expectation.to, chosen)
    return combine([*findings, *(_judge_one(expectation, each, evidence) for each in chosen)], evidence)


def _judge_one(expectation: Ordered, chosen: Chosen, evidence: Evidence) -> Finding:
    steps = {tally.publication.step: tally.publication for tally in chosen.tallies}
    who = listed(list(chosen.audience.names))
    if not any(tally.arrived or tally.alike for tally in chosen.tallies):
        return Outcome.UNKNOWN, f"{who} received nothing, so nothing could be out of order"
    late, first, open_ = 0, None, ""
    for member in chosen.audience.members:
        for step, arrivals in member.arrivals.items():
            if step not in steps or arrivals.disorder is None:
                continue
            late += arrivals.reordered
            number, place = arrivals.disorder
            when = arrivals.first_at[number]
            if holder := _may_have_given_back(evidence, member, (step << 32) + number):
                its = steps[step].named(number)
                open_ = f"{its} came out of order to {member.client}, and {holder} had it unacknowledged: the history "
                open_ += "ends before it is known whether it gave it back"
            elif first is None or when < first[0]:
                before = steps[place >> 32].named(place & 0xFFFFFFFF)
                words = f"{steps[step].named(number)} reached {member.client} at {moment(when)}, after {before}"
                first = (when, words)
    if first is not None:
        when, words = first
        near = evidence.causes.near(when, when)
        return Outcome.FAILED, f"{several(late, 'message')} out of order, first {words}, which was sent later{near}"
    if open_:
        return Outcome.UNKNOWN, open_
    if words := equal_bodies(chosen.tallies, who, "their order is unknown"):
        return Outcome.UNKNOWN, words
    came = sum(len(tally.arrived) for tally in chosen.tallies)
    destination = destination_of(expectation)
    where = f" of {destination}" if destination is not None else ""
    each = ", each its own" if len(chosen.audience.members) > 1 else ""
    each += ", each connection its own" if any(member.parallel for member in chosen.audience.members) else ""
    again = sum(
        its.aside for member in chosen.audience.members for step, its in member.arrivals.items() if step in steps
    )
    aside = f", but for {again} that had been given back" if again else ""
    return Outcome.PASSED, f"{who} received {several(came, 'message')}{where}{each} in the order of sending{aside}"


def _may_have_given_back(evidence: Evidence, member: Subscription, position: int) -> str:
    """Return a client that has a message unacknowledged where a history is cut short; "" if there is none.

    A broker may know that the client has gone, and give the message to another client, before the history records it.
    """
    if evidence.timeline.complete:
        return ""
    others = (each for each in evidence.ledger.subscriptions.values() if each is not member)
    return next((each.client for each in others if position in each.pending), "")

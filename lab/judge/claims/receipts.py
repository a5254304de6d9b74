"""The expectations `duplicates` and `ordered`: how often, and in which order, messages came to each subscriber."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq.destinations import destination_of
from lab.declare.expectations.duplicates import Duplicates
from lab.declare.expectations.ordered import Ordered
from lab.judge.claims.delivered import duplicated
from lab.judge.evidence.evidence import Chosen, Evidence
from lab.judge.values import Outcome, worst
from lab.judge.wording import listed, moment
from lab.units import several


def judge_duplicates(claim: Duplicates, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge how many receipts there were beyond each message's first."""

    def one(chosen: Chosen) -> tuple[Outcome, str]:
        who = listed(list(chosen.audience.names))
        if not any(tally.arrived or tally.alike for tally in chosen.tallies):
            return Outcome.UNKNOWN, f"{who} received nothing, so nothing could come twice"
        number = sum(tally.duplicated for tally in chosen.tallies)
        if number > claim.at_most:
            return Outcome.BROKEN, f"{who} received {duplicated(chosen, evidence)}, allowed are {claim.at_most}"
        if any(tally.alike for tally in chosen.tallies):
            return Outcome.UNKNOWN, f"{who} received equal bodies, and some are missing: a duplicate may be among them"
        came = sum(len(tally.arrived) for tally in chosen.tallies)
        return Outcome.HELD, f"{who} received {several(came, 'message')}, {number or 'none'} of them once more"

    return _each(claim, evidence, one)


def judge_ordered(claim: Ordered, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge whether each producer's messages came in the order in which it sent them."""
    destination = destination_of(claim)

    def one(chosen: Chosen) -> tuple[Outcome, str]:
        steps = {tally.publication.step: tally.publication for tally in chosen.tallies}
        who = listed(list(chosen.audience.names))
        if not any(tally.arrived or tally.alike for tally in chosen.tallies):
            return Outcome.UNKNOWN, f"{who} received nothing, so nothing could be out of order"
        late, first = 0, None
        for member in chosen.audience.members:
            if claim.to is not None and member.client not in claim.to.names:
                continue
            for step, receipts in member.receipts.items():
                if step not in steps or receipts.disorder is None:
                    continue
                late += receipts.reordered
                number, place = receipts.disorder
                when = receipts.first_at[number]
                if first is None or when < first[0]:
                    before = steps[place >> 32].named(place & 0xFFFFFFFF)
                    words = f"{steps[step].named(number)} reached {member.client} at {moment(when)}, after {before}"
                    first = (when, words)
        if first is not None:
            when, words = first
            near = evidence.causes.near(when, when)
            return Outcome.BROKEN, f"{several(late, 'message')} out of order, first {words}, which was sent later{near}"
        if any(tally.alike for tally in chosen.tallies):
            return Outcome.UNKNOWN, f"{who} received equal bodies, and some are missing: which came first nobody knows"
        came = sum(len(tally.arrived) for tally in chosen.tallies)
        where = f" of {destination}" if destination is not None else ""
        return Outcome.HELD, f"{who} received {several(came, 'message')}{where} in the order of sending"

    return _each(claim, evidence, one)


def _each(
    claim: Duplicates | Ordered, evidence: Evidence, one: Callable[[Chosen], tuple[Outcome, str]]
) -> tuple[Outcome, str]:
    """Judge every audience that is meant, and give the worst."""
    chosen = evidence.chosen(claim.to, destination_of(claim))
    present = {name for each in chosen for name in each.audience.names}
    named = claim.to.names if claim.to is not None else ()
    findings = [(Outcome.UNKNOWN, f"{name} never subscribed") for name in named if name not in present]
    if not chosen and not findings:
        findings.append((Outcome.UNKNOWN, "nobody ever subscribed"))
    findings += [one(each) for each in chosen]
    outcome = worst([found for found, _ in findings])
    reason = "; ".join(words for found, words in findings if found is outcome)
    if outcome is Outcome.HELD and not evidence.timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(evidence.timeline.end)}; until then: {reason}"
    return outcome, reason

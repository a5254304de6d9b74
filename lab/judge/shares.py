"""The shares of a queue: how many of its messages each of its subscribers received."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from lab.activemq.destinations import destination_of
from lab.base.units import several
from lab.declare.between import Portion
from lab.declare.expectations.messages import Delivered
from lab.judge.equal_bodies import ADVICE
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.sharing import share
from lab.judge.findings import Finding, unknown
from lab.judge.values import Outcome


def judge_shares(expectation: Delivered, shares: Mapping[str, Portion], evidence: Evidence) -> Finding:
    """Judge how many of a queue's messages each subscriber received, of all that its subscribers received."""
    destination = destination_of(expectation)
    chosen = evidence.chosen(None, destination)
    present = {name for each in chosen for name in each.audience.names}
    if absent := [name for name in shares if name not in present]:
        return Outcome.UNKNOWN, f"{absent[0]} never subscribed to {destination}"
    tallies = [tally for each in chosen for tally in each.tallies]
    if any(tally.alike for tally in tallies):
        return Outcome.UNKNOWN, f"{destination} had equal bodies, so the receiver of each message is unknown: {ADVICE}"
    whole = sum(len(tally.arrived) for tally in tallies)
    if not whole:
        return Outcome.UNKNOWN, f"no client received a message of {destination}, so there are no shares"
    counts = {name: share(name, chosen) for name in shares}
    wrong = "; ".join(
        f"{name} received {counts[name]} of {whole} ({counts[name] / whole:.1%}), asked were {portion.words}"
        for name, portion in shares.items()
        if not portion.holds(counts[name], whole)
    )
    over = evidence.timeline.end - expectation.within.total_seconds()
    left = all(member.until < inf for each in chosen for member in each.audience.members)
    missing = (number for tally in tallies for number in (*tally.lost, *tally.unsure) if tally.due(number) > over)
    pending = 0 if left and evidence.timeline.complete else sum(1 for _ in missing)  # no subscriber can receive any
    still = f"{several(pending, 'message')} had not come when the history ends"
    if not wrong:
        received = ", ".join(f"{name} {count}" for name, count in counts.items())
        if not all(_holds_still(portion, counts[name], whole, pending) for name, portion in shares.items()):
            return Outcome.UNKNOWN, f"of {whole} received: {received}; {still}"
        return Outcome.PASSED, f"of {whole} received: {received}"
    if pending and evidence.timeline.complete:
        return Outcome.UNKNOWN, f"{wrong}; {still}"
    return (Outcome.FAILED, wrong) if evidence.timeline.complete else unknown(wrong, evidence)


def _holds_still(portion: Portion, count: int, whole: int, pending: int) -> bool:
    """Return whether a share is as expected if this subscriber receives all pending messages, and if the others do."""
    return portion.holds(count, whole + pending) and portion.holds(count + pending, whole + pending)

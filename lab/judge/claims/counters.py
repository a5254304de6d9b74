"""Judge of the expectation `counters`: the rise of a broker's counters between two snapshots."""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.expectations.counters import Counters
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Subject
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome


def judge(claim: Counters, evidence: Evidence) -> Finding:
    """Judge the rise of each counter claimed."""
    destination = destination_of(claim)
    if claim.bridge is not None:
        subject, what = Subject("bridge", claim.bridge), f"{claim.broker}'s end of the bridge {claim.bridge}"
    elif destination is not None:
        subject, what = Subject("destination", destination), f"{destination} on {claim.broker}"
    else:
        subject, what = Subject("broker", claim.broker), f"{claim.broker} in all"
    held, broken, unknowns, span = [], [], [], (0.0, 0.0)
    for counter, amount in claim.amounts.items():
        rise = evidence.timeline.snapshots.rise(claim.between, claim.broker, subject, counter)
        if isinstance(rise, str):
            unknowns.append(rise)
        elif amount.holds(rise.by):
            held.append(f"{counter} {rise.by}")
        else:
            broken.append(f"{counter} {rise.by}{asked(amount)}")
            span = (rise.begin, rise.end)
    when = f"between {claim.between[0]} and {claim.between[1]}"
    if broken:
        return Outcome.BROKEN, f"{what}, {when}: {'; '.join(broken)}{evidence.causes.between(*span)}"
    if unknowns:
        return unknown("; ".join(dict.fromkeys(unknowns)), evidence)
    return Outcome.HELD, f"{what}, {when}: {', '.join(held)}"

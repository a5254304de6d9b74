"""Judge of the expectation `forwarded`: the messages that a broker forwarded to others.

The broker's counter decides; the count of the clients' ledger is given beside it.
"""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.steps.snapshot import END, START
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.losses import lost_elsewhere, received_elsewhere, shown
from lab.judge.evidence.records import is_queue
from lab.judge.evidence.snapshots import Rise, Subject
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome
from lab.units import several


def judge(claim: Forwarded, evidence: Evidence) -> Finding:
    """Judge the number of messages that a broker forwarded to others."""
    destination = str(destination_of(claim))
    rise = evidence.timeline.snapshots.rise(
        claim.between, claim.broker, Subject("destination", destination), "forwarded"
    )
    if isinstance(rise, str):
        return unknown(rise, evidence)
    words = f"{claim.broker} forwarded {several(rise.by, 'message')} of {destination}"
    second = _second_witness(claim, evidence, destination, rise)
    if claim.count.holds(rise.by):
        return Outcome.HELD, words + second
    missing = lost_elsewhere(evidence, claim.broker, destination)
    why = f"; lost there: {shown(missing, evidence)}" if missing else evidence.causes.between(rise.begin, rise.end)
    return Outcome.BROKEN, words + asked(claim.count) + second + why


def _second_witness(claim: Forwarded, evidence: Evidence, destination: str, rise: Rise) -> str:
    """Return the ledger's count beside the broker's, as the end of a sentence; "" unless all of the run is claimed."""
    if claim.between != (START, END):
        return ""
    received = received_elsewhere(evidence, claim.broker, destination)
    words = f"; subscribers of other brokers received {received}"
    brokers = list(evidence.header.declared.get("topology", {}).get("brokers", {}))
    others = [name for name in brokers if name != claim.broker]
    if len(others) != 1:
        return words  # with three brokers a message may be forwarded twice, or pass through one
    subject = Subject("destination", destination)
    counts = [evidence.timeline.snapshots.count(END, others[0], subject, name) for name in ("queued", "forwarded")]
    wait, back = (count if isinstance(count, int) and is_queue(destination) else 0 for count in counts)
    words += f", {wait} wait on {others[0]}" if wait else ""
    if back:
        return f"{words}, {others[0]} forwarded {back} itself"  # some may have come back, and which ones is unknown
    return words + (": the two witnesses disagree" if rise.by != received + wait else "")

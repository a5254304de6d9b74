"""Judge of the expectation `forwarded`: the messages that a broker forwarded to others.

The broker's counter decides; the count of the clients' ledger is given beside it.
"""

from __future__ import annotations

from lab.activemq.destinations import destination_of, hears
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.steps.snapshot import END, START
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.losses import lost_elsewhere, received_elsewhere, shown
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.records import OK, is_queue
from lab.judge.evidence.snapshots import Rise, Subject
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome
from lab.units import several


def judge(claim: Forwarded, evidence: Evidence) -> Finding:
    """Judge the number of messages that a broker forwarded to others; unknown if the others took fewer than it says."""
    destination = str(destination_of(claim))
    rise = evidence.timeline.snapshots.rise(
        claim.between, claim.broker, Subject("destination", destination), "forwarded"
    )
    if isinstance(rise, str):
        return unknown(rise, evidence)
    words = f"{claim.broker} forwarded {several(rise.by, 'message')} of {destination}"
    second = _second_witness(claim, evidence, destination, rise)
    came = _came(claim, evidence, destination)
    least = _least(came, rise)
    if isinstance(came, str) and rise.by:
        words = (
            f"{claim.broker}'s ForwardCount of {destination} rose by {rise.by}, and it is also of what a bridge holds "
            f"back; what the other broker took is not known: {came}"
        )
    elif least < rise.by:
        words = (
            f"{claim.broker}'s ForwardCount of {destination} rose by {rise.by}, and the other broker took {least}: a "
            "ForwardCount is also of what a bridge holds back"
        )
    if claim.count.holds(rise.by) and claim.count.holds(least):
        return Outcome.HELD, words + second
    if (claim.count.at_least or 0) <= rise.by and (claim.count.at_most is None or claim.count.at_most >= least):
        advice = "" if isinstance(came, str) else "; claim by counters what the other enqueued"
        return Outcome.UNKNOWN, f"{words}{second}{advice}"
    missing = lost_elsewhere(evidence, claim.broker, destination)
    why = evidence.causes.between(rise.begin, rise.end)
    if missing:
        its = whereabouts(evidence, destination)
        known = its is not None and its.taken >= len(missing)  # `second` has where they are
        why = f"; lost there: {shown(missing, evidence, near='' if known else None)}"
    return Outcome.BROKEN, words + asked(claim.count) + second + why


def _others(claim: Forwarded, evidence: Evidence) -> list[str]:
    """Return the names of the other brokers."""
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    return [name for name in brokers if name != claim.broker]


def _least(came: int | str | None, rise: Rise) -> int:
    """Return the least number of messages that the broker forwarded, by what the other can have taken."""
    return 0 if isinstance(came, str) else rise.by if came is None else min(came, rise.by)


def _came(claim: Forwarded, evidence: Evidence, destination: str) -> int | str | None:
    """Return the most messages that the other broker can have taken from this one, or why that is not known.

    None if there is no such count: there are several other brokers, or only a part of the run is claimed.
    """
    others = _others(claim, evidence)
    if len(others) != 1 or claim.between != (START, END):
        return None
    (other,) = others
    rise = evidence.timeline.snapshots.rise(claim.between, other, Subject("destination", destination), "enqueued")
    if isinstance(rise, str):
        return rise
    its_own = sum(
        publication.outcomes.count(OK)
        for publication in evidence.ledger.publications.values()
        if publication.broker == other and hears(destination, publication.destination)
    )
    return max(rise.by - its_own, 0)


def _second_witness(claim: Forwarded, evidence: Evidence, destination: str, rise: Rise) -> str:
    """Return the ledger's count beside the broker's, as the end of a sentence; "" unless all of the run is claimed."""
    if claim.between != (START, END):
        return ""
    received = received_elsewhere(evidence, claim.broker, destination)
    words = f"; subscribers of other brokers received {received}"
    others = _others(claim, evidence)
    if len(others) != 1:
        return words  # with three brokers a message may be forwarded twice, or pass through one
    subject = Subject("destination", destination)
    counts = [evidence.timeline.snapshots.count(END, others[0], subject, name) for name in ("queued", "forwarded")]
    wait, back = (count if isinstance(count, int) and is_queue(destination) else 0 for count in counts)
    words += f", {wait} wait on {others[0]}" if wait else ""
    if back:
        return f"{words}, {others[0]} forwarded {back} itself"  # some may have come back, and which ones is unknown
    least = _least(_came(claim, evidence, destination), rise)
    its = whereabouts(evidence, destination)
    if its is not None and its.taken:
        words, least = f"{words}; {its.taken_words()}", least - its.taken
    return words + ("" if least <= received + wait <= rise.by else ": the two witnesses disagree")

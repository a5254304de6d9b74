"""The expectations about what the brokers count: `counters`, `forwarded`, `stuck`, `discarded`.

The broker's counter decides; what the clients' own ledger says of the same is put beside it.
"""

from __future__ import annotations

from lab.activemq.destinations import destination_of
from lab.declare.counter_claims import END, START
from lab.declare.expectations.counters import Counters
from lab.declare.expectations.discarded import Discarded
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.expectations.stuck import Stuck
from lab.declare.fields import Amount
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.missing import lost_elsewhere, never_received, received_elsewhere, shown
from lab.judge.evidence.records import is_queue
from lab.judge.evidence.snapshots import Rise, Subject
from lab.judge.values import Outcome
from lab.judge.wording import listed, moment
from lab.units import several


def judge_counters(claim: Counters, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge by how much each counter rose."""
    destination = destination_of(claim)
    if claim.bridge is not None:
        subject, what = Subject("bridge", claim.bridge), f"{claim.broker}'s end of the bridge {claim.bridge}"
    elif destination is not None:
        subject, what = Subject("destination", destination), f"{destination} on {claim.broker}"
    else:
        subject, what = Subject("broker", claim.broker), f"{claim.broker} in all"
    held, broken, untold, span = [], [], [], (0.0, 0.0)
    for counter, amount in claim.amounts.items():
        rise = evidence.timeline.snapshots.rise(claim.between, claim.broker, subject, counter)
        if isinstance(rise, str):
            untold.append(rise)
        elif amount.holds(rise.by):
            held.append(f"{counter} {rise.by}")
        else:
            broken.append(f"{counter} {rise.by}{_asked(amount)}")
            span = (rise.begin, rise.end)
    when = f"between {claim.between[0]} and {claim.between[1]}"
    if broken:
        return Outcome.BROKEN, f"{what}, {when}: {'; '.join(broken)}{evidence.causes.between(*span)}"
    if untold:
        return Outcome.UNKNOWN, _cut_short(evidence, "; ".join(dict.fromkeys(untold)))
    return Outcome.HELD, f"{what}, {when}: {', '.join(held)}"


def judge_forwarded(claim: Forwarded, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge how many messages a broker handed to others."""
    destination = str(destination_of(claim))
    rise = evidence.timeline.snapshots.rise(
        claim.between, claim.broker, Subject("destination", destination), "forwarded"
    )
    if isinstance(rise, str):
        return Outcome.UNKNOWN, _cut_short(evidence, rise)
    words = f"{claim.broker} forwarded {several(rise.by, 'message')} of {destination}"
    second = _second_witness(claim, evidence, destination, rise)
    if claim.count.holds(rise.by):
        return Outcome.HELD, words + second
    missing = lost_elsewhere(evidence, claim.broker, destination)
    why = f"; lost there: {shown(missing, evidence)}" if missing else evidence.causes.between(rise.begin, rise.end)
    return Outcome.BROKEN, words + _asked(claim.count) + second + why


def judge_stuck(claim: Stuck, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge how many messages wait where nobody takes them."""
    destination, snapshots = f"queue://{claim.queue}", evidence.timeline.snapshots
    subject = Subject("destination", destination)
    names = ("queued", "consumers", "network-consumers")
    counts = [snapshots.count(claim.at, claim.broker, subject, name) for name in names]
    if untold := [count for count in counts if isinstance(count, str)]:
        return Outcome.UNKNOWN, _cut_short(evidence, untold[0])
    waiting, consumers, bridges = (int(count) for count in counts)
    consumers -= bridges  # a bridge takes no message back to where it has been
    stuck = 0 if consumers else waiting
    words = f"{several(stuck, 'message')} of {destination} left on {claim.broker} without a consumer"
    if consumers and waiting:
        words += f" ({waiting} wait there, and {several(consumers, 'consumer')} with them)"
    held = claim.count.holds(stuck)
    words += "" if held else _asked(claim.count)
    if stuck and claim.at == END:
        missing = never_received(evidence, destination)
        words += f"; accepted and received by nobody: {shown(missing, evidence)}"
        words += ": the two witnesses disagree" if len(missing) < stuck else ""
    return Outcome.HELD if held else Outcome.BROKEN, words


def judge_discarded(claim: Discarded, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge how many messages were dropped for a slow bridge, and whether that explains what was lost."""
    destination = f"topic://{claim.topic}"
    rise = evidence.timeline.snapshots.rise(
        claim.between, claim.broker, Subject("destination", destination), "discarded"
    )
    if isinstance(rise, str):
        return Outcome.UNKNOWN, _cut_short(evidence, rise)
    again = _began_again(evidence, claim.broker, destination, rise)
    lost = lost_elsewhere(evidence, claim.broker, destination)
    words = f"{claim.broker} discarded {again and 'at least '}{several(rise.by, 'message')} of {destination} "
    words += "for a slow bridge"
    second = f"; lost at other brokers: {shown(lost, evidence)}" if claim.between == (START, END) else ""
    surely_too_many = claim.count.at_most is not None and rise.by > claim.count.at_most
    if surely_too_many or (not again and not claim.count.holds(rise.by)):
        return Outcome.BROKEN, words + _asked(claim.count) + second
    words += second
    surely_enough = claim.count.at_most is None and claim.count.holds(rise.by)
    if again and not (surely_enough and not claim.explains_loss):
        return Outcome.UNKNOWN, f"{words}; {again}, and the counter with it"
    if claim.explains_loss and len(lost) != rise.by:
        words += ": the two witnesses disagree"
        if not evidence.timeline.complete:
            return Outcome.UNKNOWN, _cut_short(evidence, words)
        return Outcome.BROKEN, words
    return Outcome.HELD, words


def _second_witness(claim: Forwarded, evidence: Evidence, destination: str, rise: Rise) -> str:
    """Say what the ledger knows of the same, where it is of the same stretch of time."""
    if claim.between != (START, END):
        return ""
    received = received_elsewhere(evidence, claim.broker, destination)
    words = f"; subscribers of other brokers received {received}"
    brokers = list(evidence.header.declared.get("topology", {}).get("brokers", {}))
    others = [name for name in brokers if name != claim.broker]
    if len(others) != 1:
        return words  # with three brokers one message may be forwarded twice, or pass through
    subject = Subject("destination", destination)
    counts = [evidence.timeline.snapshots.count(END, others[0], subject, name) for name in ("queued", "forwarded")]
    wait, back = (count if isinstance(count, int) and is_queue(destination) else 0 for count in counts)
    words += f", {wait} wait on {others[0]}" if wait else ""
    if back:
        return f"{words}, {others[0]} forwarded {back} itself"  # some may have come back, and nobody knows which
    return words + (": the two witnesses disagree" if rise.by != received + wait else "")


def _began_again(evidence: Evidence, broker: str, destination: str, rise: Rise) -> str:
    """Say what made the counter of a bridge's subscription begin again: it lives no longer than the subscription."""
    for t, end, up in evidence.timeline.bridge_changes:
        if not up and rise.begin < t < rise.end and broker in (end.broker, end.remote):
            return f"the bridge of {listed(sorted((end.broker, end.remote)))} went down at {moment(t)}"
    for subscription in evidence.ledger.subscriptions.values():
        for _, end_of_it in subscription.windows:
            if (
                subscription.broker != broker
                and subscription.destination == destination
                and rise.begin < end_of_it < rise.end
            ):
                return f"{subscription.client} stopped listening at {moment(end_of_it)}"
    return ""


def _asked(amount: Amount) -> str:
    return f", asked {'were' if amount.words != '1' else 'was'} {amount.words}"


def _cut_short(evidence: Evidence, why: str) -> str:
    timeline = evidence.timeline
    return why if timeline.complete else f"the history is cut short at {moment(timeline.end)}: {why}"

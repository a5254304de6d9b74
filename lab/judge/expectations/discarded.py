"""Judge of the expectation `discarded`: the messages that a broker dropped for a slow bridge.

The broker's counter decides; the count of the clients' ledger is given beside it.
"""

from __future__ import annotations

from lab.activemq.destinations import hears
from lab.base.units import several
from lab.declare.expectations.discarded import Discarded
from lab.declare.steps.flow import END, START
from lab.judge.equal_bodies import ADVICE
from lab.judge.evidence.discards import began_again
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Subject
from lab.judge.evidence.unreceived import lost_elsewhere, shown, why_not_counted
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome


@judges.register(Discarded)
def judge_discarded(expectation: Discarded, evidence: Evidence) -> Finding:
    """Judge the number of messages dropped for a slow bridge, and whether it explains all losses."""
    destination = f"topic://{expectation.topic}"
    rise = evidence.timeline.snapshots.rise(
        expectation.between, expectation.broker, Subject("destination", destination), "discarded"
    )
    if isinstance(rise, str):
        return unknown(rise, evidence)
    again = began_again(evidence, expectation.broker, destination, rise)
    lost = lost_elsewhere(evidence, expectation.broker, destination)
    words = f"{expectation.broker} discarded {again and 'at least '}{several(rise.by, 'message')} of {destination} "
    words += "for a slow bridge"
    second = f"; not received at other brokers: {shown(lost, evidence)}" if expectation.between == (START, END) else ""
    surely_too_many = expectation.count.at_most is not None and rise.by > expectation.count.at_most
    if surely_too_many or (not again and not expectation.count.holds(rise.by)):
        return Outcome.FAILED, words + asked(expectation.count) + second
    words += second
    surely_enough = expectation.count.at_most is None and expectation.count.holds(rise.by)
    if again and not (surely_enough and not expectation.explains_loss):
        return Outcome.UNKNOWN, f"{words}; {again}"
    if expectation.explains_loss and _equal_bodies(evidence, expectation.broker, destination):
        return Outcome.UNKNOWN, f"{words}; it is unknown how many did not arrive, as some have equal bodies: {ADVICE}"
    if expectation.explains_loss and (why := why_not_counted(evidence, destination)):
        return Outcome.UNKNOWN, f"{words}; it is unknown how many did not arrive: {why}"
    if expectation.explains_loss and len(lost) != rise.by:
        words += ": client and broker counts disagree"
        return (Outcome.FAILED, words) if evidence.timeline.complete else unknown(words, evidence)
    return Outcome.PASSED, words


def _equal_bodies(evidence: Evidence, broker: str, destination: str) -> bool:
    """Return whether messages of a broker's publishers have equal bodies."""
    return any(
        tally.alike and tally.publication.broker == broker and hears(destination, tally.publication.destination)
        for audience in evidence.audiences
        for tally in audience.tallies
    )

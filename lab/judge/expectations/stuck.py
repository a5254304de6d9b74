"""Judge of the expectation `stuck`: the messages left in a queue without consumers.

The broker's counter decides; the count of the clients' ledger is given beside it.
"""

from __future__ import annotations

from math import inf

from lab.base.units import several
from lab.declare.expectations.stuck import Stuck
from lab.declare.steps.flow import END
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.queues import shown_with_places, whereabouts
from lab.judge.evidence.snapshots import Subject
from lab.judge.evidence.unreceived import never_received, undecided, why_not_counted
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome


@judges.register(Stuck)
def judge_stuck(expectation: Stuck, evidence: Evidence) -> Finding:
    """Judge the number of messages left in a queue without consumers."""
    destination, snapshots = f"queue://{expectation.queue}", evidence.timeline.snapshots
    subject = Subject("destination", destination)
    names = ("queued", "consumers", "network-consumers")
    counts = [snapshots.count(expectation.at, expectation.broker, subject, name) for name in names]
    if unknowns := [count for count in counts if isinstance(count, str)]:
        return unknown(unknowns[0], evidence)
    waiting, consumers, bridges = (int(count) for count in counts)
    consumers -= bridges  # a bridge takes no message back to a broker it has been at
    stuck = 0 if consumers else waiting
    # Not acknowledged, and no client is there: a bridge has them, and they are stuck only if it gives them back.
    handed = snapshots.count(expectation.at, expectation.broker, subject, "in-flight")
    gone_on = min(handed, stuck) if isinstance(handed, int) and bridges else 0
    number = f"{stuck - gone_on} to {stuck} messages" if gone_on else several(stuck, "message")
    words = f"{number} of {destination} left on {expectation.broker} without a consumer"
    if consumers and waiting:
        words += f" ({waiting} wait there, and {several(consumers, 'consumer')} with them)"
    if gone_on:
        words += f": a bridge has {gone_on} of them, and no answer has come"
    least, most = (
        expectation.count.at_least or 0,
        expectation.count.at_most if expectation.count.at_most is not None else inf,
    )
    passed = least <= stuck - gone_on and stuck <= most
    words += "" if passed else asked(expectation.count)
    if not passed and least <= stuck and stuck - gone_on <= most:
        return Outcome.UNKNOWN, words
    if stuck > gone_on and expectation.at == END:
        words += _cross_check(expectation, evidence, destination, stuck - gone_on)
    return Outcome.of(passed), words


def _cross_check(expectation: Stuck, evidence: Evidence, queue: str, stuck: int) -> str:
    """Return, as the end of a sentence, the ledger's count beside the broker's, and where the others are."""
    if why := why_not_counted(evidence, queue):
        return f"; it is unknown how many of them no client received: {why}"
    missing = never_received(evidence, queue)
    words = f"; accepted and received by no client: {shown_with_places(missing, evidence, queue)}"
    its = whereabouts(evidence, queue)
    elsewhere = its.words(without=expectation.broker) if its is not None else ""
    if len(missing) > stuck and elsewhere and elsewhere not in words:
        return f"{words}; {elsewhere}"
    more = stuck - len(missing)
    if more <= 0:
        return words
    perhaps = undecided(evidence, queue)
    if perhaps:
        words += f", {perhaps} of unknown acceptance or not acknowledged"
    if its is None or its.uncounted or more <= perhaps:
        return words
    if its.sent_by_others:
        return f"{words}; {its.sent_by_others} were sent by no step"
    if its.perhaps_twice:
        return f"{words}; {its.perhaps_twice} may be copies: a bridge that went down had no answer for them"
    return f"{words}: client and broker counts disagree"

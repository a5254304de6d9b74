"""Why clients need not have all messages that their broker took, though no witness is wrong.

A client that left, a selector, a message that is over: what a broker had for them reached nobody of the lab.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf

from lab.activemq.destinations import hears
from lab.expected.records import Publication, Subscription, is_queue
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import moment

_UNDER_WAY = 5.0  # seconds for which a message may be on its way to a client that leaves


def why_fewer(evidence: Evidence, destination: str, brokers: Collection[str], missing: int) -> str:
    """Return what may have kept so many messages, taken by brokers, from their clients; "" if nothing is known to."""
    for broker in brokers:
        expired = max(
            (each.expired or 0 for each in evidence.timeline.destinations.get((broker, destination), ())), default=0
        )
        if 0 < missing <= expired:
            return f"{expired} expired on {broker}"
    its = [each for each in evidence.ledger.publications.values() if hears(destination, each.destination)]
    # A queue has again what its client did not take, or gives it to another one.
    sent = [t for each in its for t in each.sent_at[each.first :]]
    for one in evidence.ledger.subscriptions.values() if not is_queue(destination) else ():
        there = one.broker in brokers and hears(one.destination, destination)
        if there and (words := _of_client(one, sent, missing)):
            return words
    over = next((each for each in its if _may_be_over(each, evidence.timeline.end)), None)
    return "" if over is None else f"messages of step {over.step} may have been over"


def _of_client(its: Subscription, sent: Sequence[float], missing: int) -> str:
    """Return why a client need not have all that was there for it; "" if it must."""
    left = max((end for _, end in its.windows if end < inf), default=max(its.breaks, default=None))
    if left is not None and missing <= sum(left - _UNDER_WAY <= t <= left for t in sent):
        return f"{its.client} left at {moment(left)}"
    return f"{its.client} has a selector" if its.selector is not None else ""


def _may_be_over(its: Publication, end: float) -> bool:
    """Return whether a message's time to live may have ended before the run did."""
    return its.expiry is not None and any(sent + its.expiry <= end for sent in its.sent_at[its.first :])

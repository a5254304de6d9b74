"""Reasons for which clients received fewer messages than their broker took, although every count is right.

A client may have come late or left, a selector may exclude messages, or messages may have expired: then they reached no
client of the lab. A message that came to a client twice was taken twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf

from lab.activemq.destinations import hears
from lab.base.units import several
from lab.history.expected.records import Publication, Subscription, is_queue
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import listed, moment

_UNDER_WAY = 5.0  # seconds for which a message may be on its way to a client that leaves


def why_fewer(evidence: Evidence, destination: str, brokers: Collection[str], missing: int) -> str:
    """Return the reason why so many messages may not have reached the clients of brokers; "" if none is known."""
    for broker in brokers:
        expired = max(
            (each.expired or 0 for each in evidence.timeline.destinations.get((broker, destination), ())), default=0
        )
        if 0 < missing <= expired:
            return f"{expired} expired on {broker}"
    its = [each for each in evidence.ledger.publications.values() if hears(destination, each.destination)]
    # A queue has again what its client did not take, or gives it to another one.
    if not is_queue(destination):
        sent = [t for each in its for t in each.sent_at[each.first :] if t == t]
        there = [
            each
            for each in evidence.ledger.subscriptions.values()
            if each.broker in brokers and hears(each.destination, destination)
        ]
        if words := _of_clients(there, sent, missing, brokers) or _came_again(there, its, missing):
            return words
    over = next((each for each in its if _may_be_over(each, evidence.timeline.end)), None)
    return "" if over is None else f"messages of step {over.step} may have been over"


def _of_clients(members: Sequence[Subscription], sent: Sequence[float], missing: int, brokers: Collection[str]) -> str:
    """Return why the clients there need not have so many of the messages; "" if they must."""
    unheard = [t for t in sent if not any(_surely_has(each, t) for each in members)]
    if not 0 < missing <= len(unheard):
        return ""
    if not members:
        return f"no client of the lab subscribed to it on {listed(list(brokers))}"
    if selects := next((each for each in members if each.selector is not None), None):
        return f"{selects.client} has a selector"
    lefts = [(end, each.client) for each in members for end in (*(end for _, end in each.windows), *each.breaks)]
    left, client = max((pair for pair in lefts if pair[0] - _UNDER_WAY <= unheard[0]), default=(inf, ""))
    if client:
        return f"{client} left at {moment(left)}"
    comings = [(begin, each.client) for each in members for begin, _ in each.windows if begin > unheard[0]]
    came, client = min(comings, default=(inf, ""))
    return f"{client} came at {moment(came)}" if client else ""


def _surely_has(member: Subscription, sent: float) -> bool:
    """Return whether a client must have a message sent at a moment: it was subscribed then and long enough after."""
    if member.selector is not None or any(end - _UNDER_WAY <= sent <= end for end in member.breaks):
        return False
    return any(begin <= sent < end - _UNDER_WAY for begin, end in member.windows)


def _came_again(members: Sequence[Subscription], publications: Sequence[Publication], missing: int) -> str:
    """Return that a client received so many messages once more; "" if none did."""
    for one in members:
        arrivals = [found for each in publications if (found := one.arrivals.get(each.step)) is not None]
        again = sum(sum(each.times) - len(each.times) + each.times.count(0) for each in arrivals)
        if 0 < missing <= again:
            return f"{one.client} received {several(again, 'message')} once more"
    return ""


def _may_be_over(publication: Publication, end: float) -> bool:
    """Return whether a message's time to live may have ended before the run did."""
    return publication.expiry is not None and any(
        sent + publication.expiry <= end for sent in publication.sent_at[publication.first :]
    )

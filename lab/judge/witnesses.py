"""The second witness: where the brokers' own counters and the clients' ledger disagree, both numbers in words.

Limits of the counters: Enqueue of a bridge counts consumer advisories too, so it is never used; a bridge's counters
begin anew at each reconnect, so only the two ends of one session are compared; only a quiet, whole history is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lab.declare.destinations import hears
from lab.history import BridgeSeen, DestinationSeen
from lab.judge.agreement import facing, ways
from lab.judge.evidence import Evidence
from lab.judge.records import OK, Publication, is_queue
from lab.judge.timeline import End


def disagreements(evidence: Evidence) -> tuple[str, ...]:
    """Give one note for each place where the witnesses disagree."""
    if not evidence.timeline.complete:
        return ()
    return (*_bridges(evidence.timeline.bridges), *_destinations(evidence))


def _bridges(ends: Mapping[End, BridgeSeen]) -> Iterator[str]:
    for near in (end for end in ends if not end.created_by_duplex):
        both = facing(near, ends)
        if isinstance(both, str):
            continue
        for one, other in ways(both):
            if one.dequeued != other.received:
                yield (
                    f"bridge {near.connector}: {one.broker} says that {other.broker} took {one.dequeued} messages, "
                    f"{other.broker} says that it received {other.received}"
                )


def _destinations(evidence: Evidence) -> Iterator[str]:
    """Compare where exactly two brokers are, so that whatever one forwards, the other receives."""
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    if len(brokers) != 2 or evidence.timeline.restarted:  # a broker that starts again counts from zero
        return
    for destination in dict.fromkeys(each.destination for each in evidence.ledger.publications.values()):
        counted = {broker: _counted(evidence, broker, destination) for broker in brokers}
        for source, target in (tuple(brokers), tuple(reversed(tuple(brokers)))):
            own, other = counted[source], counted[target]
            if own is None or other is None:
                continue
            yield from _forwarded(evidence, destination, source, target, own, other)


def _forwarded(
    evidence: Evidence, destination: str, source: str, target: str, own: DestinationSeen, other: DestinationSeen
) -> Iterator[str]:
    sent = [p for p in evidence.ledger.publications.values() if (p.broker, p.destination) == (source, destination)]
    accepted = sum(publication.outcomes.count(OK) for publication in sent)
    at_most = sum(publication.last for publication in sent)
    if not accepted <= own.enqueued - other.forwarded <= at_most:
        forwarded = f" ({other.forwarded} of them from {target})" if other.forwarded else ""
        range_ = f"{accepted}" if accepted == at_most else f"{accepted} to {at_most}"
        yield (
            f"{destination}: the clients know of {range_} messages accepted by {source}, "
            f"whose own counter says {own.enqueued}{forwarded}"
        )
    if is_queue(destination) and own.forwarded and other.forwarded:
        return  # some may have come back, and nobody knows which
    if not _comparable(evidence, sent, target):
        return
    heard = sum(_heard(evidence, publication, target) for publication in sent)
    listening = any(
        subscription.broker == target and any(p.step in subscription.receipts for p in sent)
        for subscription in evidence.ledger.subscriptions.values()
    )
    waiting = other.queued if is_queue(destination) else 0
    if (own.forwarded or listening) and own.forwarded != heard + waiting:
        yield (
            f"{destination}: {source} says that it forwarded {own.forwarded}, the subscribers on {target} received "
            f"{heard}" + (f" and {waiting} wait there" if waiting else "")
        )


def _comparable(evidence: Evidence, sent: Sequence[Publication], target: str) -> bool:
    """Tell whether all that reaches a broker goes to its subscribers, each message once, and nothing else does."""
    told_apart = any(publication.retained or publication.expiry is not None for publication in sent)
    return not told_apart and not any(
        subscription.selector is not None or subscription.breaks or subscription.pending
        for subscription in evidence.ledger.subscriptions.values()
        if subscription.broker == target and any(hears(subscription.destination, p.destination) for p in sent)
    )


def _counted(evidence: Evidence, broker: str, destination: str) -> DestinationSeen | None:
    """Give what a broker counted of this run; None where it did not look, or looked before all was quiet."""
    samples = evidence.timeline.destinations.get((broker, destination), [])
    publications = [p for p in evidence.ledger.publications.values() if p.destination == destination]
    if not samples or not publications or samples[-1].t < _quiet(evidence, publications):
        return None
    first_sent = min((t for p in publications for t in p.sent_at if t == t), default=0.0)
    before = [sample for sample in samples if sample.t <= first_sent]
    last = samples[-1]
    if not before:
        return last
    base = before[-1]
    return DestinationSeen(
        t=last.t,
        broker=broker,
        destination=destination,
        enqueued=last.enqueued - base.enqueued,
        dequeued=last.dequeued - base.dequeued,
        forwarded=last.forwarded - base.forwarded,
        queued=last.queued,
        consumers=last.consumers,
        discarded=last.discarded - base.discarded,
    )


def _quiet(evidence: Evidence, publications: list[Publication]) -> float:
    """Give the moment of the last send or first receipt of a message."""
    moments = [t for p in publications for t in p.sent_at if t == t]
    steps = {publication.step for publication in publications}
    for subscription in evidence.ledger.subscriptions.values():
        for step, receipts in subscription.receipts.items():
            if step in steps:
                moments.append(max(receipts.first_at))
    return max(moments, default=0.0)


def _heard(evidence: Evidence, publication: Publication, broker: str) -> int:
    """Count the messages of a publication that reached at least one subscriber of a broker."""
    found = [
        subscription.receipts[publication.step].times
        for subscription in evidence.ledger.subscriptions.values()
        if subscription.broker == broker and publication.step in subscription.receipts
    ]
    if len(found) == 1:
        return len(found[0]) - found[0].count(0)
    return sum(1 for times in zip(*found, strict=True) if any(times))

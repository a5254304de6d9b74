"""The cross-check of the clients' ledger against the brokers' own counters, and their disagreements in words.

Limits of the counters: a bridge's Enqueue counts consumer advisories too, so it is never used. A bridge's counters
restart at each reconnect, so only ends of one session are compared. Only a complete history that ended quietly is
compared.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lab.activemq.destinations import hears, parts_of, virtual_topic_of
from lab.history import DestinationSeen
from lab.history.expected.records import FAILED, OK, Publication, is_queue
from lab.judge.evidence.agreement import both_ends, unanswered, ways
from lab.judge.evidence.configurations import rerouted
from lab.judge.evidence.coverage import unasked
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import Timeline
from lab.judge.evidence.why_fewer import why_fewer
from lab.judge.values import CrossCheck

_RISING = ("enqueued", "dequeued", "forwarded", "discarded")


def cross_checks(evidence: Evidence) -> tuple[CrossCheck, ...]:
    """Return the client and broker counts of each destination and direction, where counters are of this run alone.

    Usable counters need exactly two brokers, so that one receives the other's forwarded messages. They need a run
    without a restart, which resets counters, and without a silence in which a broker may have restarted.
    """
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    if not evidence.timeline.counted or len(brokers) != 2 or evidence.timeline.restarted:
        return ()
    if any(
        each.kind == "management" for each in unasked(evidence.timeline.coverage.silences, evidence.timeline.outages)
    ):
        return ()
    found = []
    for destination in dict.fromkeys(each.destination for each in evidence.ledger.publications.values()):
        if _goes_elsewhere(evidence, destination):
            continue
        counted = {broker: counters_of_run(evidence, broker, destination) for broker in brokers}
        for source, target in (tuple(brokers), tuple(reversed(tuple(brokers)))):
            own, other = counted[source], counted[target]
            if own is not None and other is not None:
                counts = _cross_check(evidence, destination, (source, own), (target, other))
                if counts.enqueued or counts.at_most:
                    found.append(counts)
    return tuple(each for each in found if each.at_most or not any(_accounted_for(each, other) for other in found))


def _goes_elsewhere(evidence: Evidence, destination: str) -> bool:
    """Return whether messages sent to a destination are counted at others: its parts, or queues behind a topic.

    Also true for each part of a composite destination, since its counters include messages sent to the composite.
    """
    heard = {each.destination for each in evidence.ledger.subscriptions.values()}
    composite = {each.destination for each in evidence.ledger.publications.values() if "," in each.destination}
    parts = {part for each in composite for part in parts_of(each)}
    virtual = any(virtual_topic_of(each) is not None and hears(each, destination) for each in heard)
    return virtual or destination in composite | parts or rerouted(evidence.header.declared, destination, heard)


def _accounted_for(counts: CrossCheck, other: CrossCheck) -> bool:
    """Return whether all messages at a broker without publishers came by `other`, the opposite direction."""
    opposite = (counts.destination, counts.source, counts.target) == (other.destination, other.target, other.source)
    return opposite and other.arrived is not None and counts.enqueued + counts.back == other.arrived + other.waiting


def disagreements(evidence: Evidence, counts: Sequence[CrossCheck], gone: Mapping[str, int]) -> tuple[str, ...]:
    """Return one note for each disagreement; `gone` has how many messages of each queue are gone."""
    if not evidence.timeline.counted:
        return ()
    return (
        # Answers in temporary queues are gone with their clients, whichever end has counted them.
        *(() if any(each.reply_to for each in evidence.ledger.publications.values()) else _bridges(evidence.timeline)),
        *(words for each in counts for words in _differing(each, gone.get(each.destination, 0))),
    )


def notes_on_fewer(counts: Sequence[CrossCheck]) -> Iterator[str]:
    """Yield a note for each count of which clients have less than their broker took, and need not have all."""
    for each in counts:
        if each.why_fewer:
            yield (
                f"Of {each.destination}, {each.target} took {each.taken}, and its subscribers received {each.arrived}: "
                f"{each.why_fewer}, so the two need not agree."
            )


def _bridges(timeline: Timeline) -> Iterator[str]:
    """Yield a note for each direction of a bridge whose ends disagree."""
    for near in (end for end in timeline.bridges if not end.created_by_duplex):
        both = both_ends(near, timeline)
        if isinstance(both, str):
            continue
        for one, other in ways(both):
            if one.dequeued != other.received and not unanswered(one, other, timeline):
                yield (
                    f"bridge {near.connector}: {one.broker} counts {one.dequeued} messages that {other.broker} took, "
                    f"{other.broker} counts {other.received} received"
                )


def _differing(counts: CrossCheck, gone: int) -> Iterator[str]:
    """Yield a note for each count on which clients and brokers disagree, beyond the messages that are gone."""
    if not counts.agreed_accepted:
        range_ = f"{counts.accepted}" if counts.accepted == counts.at_most else f"{counts.accepted} to {counts.at_most}"
        back = f" (at most {counts.back} of them from {counts.target})" if counts.back else ""
        yield (
            f"{counts.destination}: the clients know of {range_} messages accepted by {counts.source}, "
            f"whose own counter is {counts.enqueued + counts.back}{back}"
        )
    if not counts.agreed_arrived and not 0 < counts.unaccounted <= gone:
        yield (
            f"{counts.destination}: {counts.source} counts {counts.forwarded} forwarded, the subscribers on "
            f"{counts.target} received {counts.arrived}"
            + (f" and {counts.waiting} wait there" if counts.waiting else "")
        )


def _cross_check(
    evidence: Evidence, destination: str, near: tuple[str, DestinationSeen], far: tuple[str, DestinationSeen]
) -> CrossCheck:
    """Return the client counts and broker counts of the direction from the first broker to the second."""
    (source, own), (target, other) = near, far
    sent, back = _sent(evidence, destination, source), _back(evidence, destination, source, far)
    heard = lost = None
    if _comparable(evidence, sent, target) and not (is_queue(destination) and own.forwarded and other.forwarded):
        listening = any(
            subscription.broker == target and any(p.step in subscription.arrivals for p in sent)
            for subscription in evidence.ledger.subscriptions.values()
        )
        if own.forwarded or listening or (not is_queue(destination) and _expected(evidence, sent, target)):
            heard = sum(_heard(evidence, publication, target) for publication in sent)
            lost = sum(_lost(evidence, publication, target) for publication in sent)
    samples = evidence.timeline.destinations[(source, destination)]
    found = CrossCheck(
        destination=destination,
        source=source,
        target=target,
        accepted=_accepted(sent),
        at_most=sum(publication.last - publication.outcomes.count(FAILED) for publication in sent),
        enqueued=own.enqueued - back,
        arrived=heard,
        missing=None if heard is None else sum(_missing(evidence, publication, target) for publication in sent),
        waiting=other.queued if is_queue(destination) else 0,
        forwarded=own.forwarded,
        back=back,
        taken=other.enqueued - _accepted(_sent(evidence, destination, target)),
        lost=lost,
        discarded=max(sample.discarded for sample in samples),  # the counter goes with its consumer
    )
    if found.agreed_arrived or found.unaccounted <= 0:
        return found
    return replace(found, why_fewer=why_fewer(evidence, destination, (target,), found.unaccounted))


def _back(evidence: Evidence, destination: str, source: str, far: tuple[str, DestinationSeen]) -> int:
    """Return how many messages came from the far broker: by its counter, or by the clients here if they had more.

    It counts none whose answer was lost.
    """
    target, other = far
    theirs = _sent(evidence, destination, target)
    if not _comparable(evidence, theirs, source, brief=True):  # the received messages were there; others may have ended
        return other.forwarded
    return max(other.forwarded, sum(_heard(evidence, publication, source) for publication in theirs))


def _sent(evidence: Evidence, destination: str, broker: str) -> list[Publication]:
    """Return the publications at a broker for a destination."""
    return [p for p in evidence.ledger.publications.values() if (p.broker, p.destination) == (broker, destination)]


def _accepted(sent: Sequence[Publication]) -> int:
    """Return the number of accepted messages."""
    return sum(publication.outcomes.count(OK) for publication in sent)


def _expected(evidence: Evidence, sent: Sequence[Publication], broker: str) -> bool:
    """Return whether a broker's subscribers were expected to receive any of the messages."""
    return any(
        tally.expected
        for audience in evidence.audiences
        if broker in audience.brokers
        for tally in audience.tallies
        if any(tally.publication is publication for publication in sent)
    )


def _lost(evidence: Evidence, publication: Publication, broker: str) -> int:
    """Count the messages of a publication that were expected by a subscriber of a broker, and reached none there."""
    found: set[int] = set()
    for audience in evidence.audiences:
        if broker in audience.brokers:
            found.update(*(tally.lost for tally in audience.tallies if tally.publication is publication))
    arrivals = _arrivals(evidence, publication, broker)
    return sum(1 for number in found if not any(number < len(times) and times[number] for times in arrivals))


def _comparable(evidence: Evidence, sent: Sequence[Publication], target: str, *, brief: bool = False) -> bool:
    """Return whether a broker's subscribers receive exactly the messages that reach it, each once.

    With `brief`, messages whose time is over may be missing.
    """
    told_apart = any(each.retained or (each.expiry is not None and not brief) for each in sent)
    return not told_apart and not any(
        subscription.selector is not None or subscription.breaks or subscription.pending or subscription.withholds
        for subscription in evidence.ledger.subscriptions.values()
        if subscription.broker == target and any(hears(subscription.destination, p.destination) for p in sent)
    )


def counters_of_run(evidence: Evidence, broker: str, destination: str) -> DestinationSeen | None:
    """Return a broker's counters for this run; None if they were not read, or read before the last message."""
    samples = evidence.timeline.destinations.get((broker, destination), [])
    publications = [p for p in evidence.ledger.publications.values() if hears(destination, p.destination)]
    if not samples or not publications or samples[-1].t < _quiet(evidence, publications):
        return None
    first_sent = min((t for p in publications for t in p.sent_at if t == t), default=0.0)
    before = [sample for sample in samples if sample.t <= first_sent]
    last = samples[-1]
    if not before:
        return last
    base = before[-1]
    rises = {name: getattr(last, name) - getattr(base, name) for name in _RISING}
    if last.expired is not None and base.expired is not None:
        rises["expired"] = last.expired - base.expired
    return last.with_fields(**rises)


def _quiet(evidence: Evidence, publications: list[Publication]) -> float:
    """Return the moment of the last send or first arrival of a message."""
    moments = [t for p in publications for t in p.sent_at if t == t]
    steps = {publication.step for publication in publications}
    for subscription in evidence.ledger.subscriptions.values():
        for step, arrivals in subscription.arrivals.items():
            if step in steps:
                moments.append(max(arrivals.first_at))
    return max(moments, default=0.0)


def _missing(evidence: Evidence, publication: Publication, broker: str) -> int:
    """Count the accepted messages of a publication that reached no subscriber of a broker."""
    accepted = publication.outcomes.count(OK)
    if accepted == publication.last:  # the usual case: every message was accepted
        return accepted - _heard(evidence, publication, broker)
    arrivals = _arrivals(evidence, publication, broker)
    return sum(
        1
        for number, outcome in enumerate(publication.outcomes)
        if outcome == OK and not any(number < len(times) and times[number] for times in arrivals)
    )


def _arrivals(evidence: Evidence, publication: Publication, broker: str) -> list[array[int]]:
    """Return how often each subscriber of a broker received each message of a publication."""
    return [
        subscription.arrivals[publication.step].times
        for subscription in evidence.ledger.subscriptions.values()
        if subscription.broker == broker and publication.step in subscription.arrivals
    ]


def _heard(evidence: Evidence, publication: Publication, broker: str) -> int:
    """Count the messages of a publication that reached at least one subscriber of a broker."""
    found = _arrivals(evidence, publication, broker)
    if len(found) == 1:
        return len(found[0]) - found[0].count(0)
    return sum(1 for times in zip(*found, strict=True) if any(times))

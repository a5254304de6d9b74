"""The fate of messages that were expected and did not come: waiting, discarded, expired, lost, or unknown.

The brokers' counters at the end of a whole run show it. They count all messages of a destination. So a fate is certain
only for the messages beyond all others that the counter may include; the rest is unknown. A broker keeps nothing for a
plain subscriber of a topic: a message that did not come and cannot be on its way any more is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from lab.activemq.destinations import has_wildcard, hears, is_dead_letter_queue, parts_of
from lab.base.dataclass import dataclass
from lab.history.expected.records import FAILED, OK, Publication, is_queue
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.cross_checks import counters_of_run
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.queues import Whereabouts, receivers_of, sent_to, whereabouts
from lab.judge.evidence.tally import Tally
from lab.judge.not_delivered import NotDelivered

_ON_THE_WAY = 0.5  # seconds that a message takes at most, beside what the links delay it
_SETS_EXPIRY = "timeStampingBrokerPlugin"
_CROSSINGS = 4  # of all links, one after the other: there, and what TCP sends again


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some messages of a tally that did not come, by their numbers."""

    tally: Tally
    numbers: Sequence[int]


def fate_counts(
    evidence: Evidence, audience: Audience, messages: Iterable[tuple[Tally, int]] | None = None
) -> NotDelivered:
    """Return the fates of messages that were expected by an audience and did not come: of all, or of some."""
    return NotDelivered.together(found for _, found in _grouped(evidence, audience, messages))


def in_words(
    evidence: Evidence, audience: Audience, messages: Sequence[tuple[Tally, int]], expected: int, receiver: str
) -> str:
    """Return that some messages expected by `receiver` did not come; that they are lost only if all surely are."""
    lost = fate_counts(evidence, audience, messages).lost == len(messages)
    return f"{len(messages)} of {expected} {'lost on the way to' if lost else 'did not reach'} {receiver}"


def fates(evidence: Evidence, audience: Audience) -> Mapping[int, str]:
    """Return by step the fate of its messages that did not come; "unknown" where they have several fates."""
    return {part.tally.publication.step: found.fate for parts, found in _grouped(evidence, audience) for part in parts}


def kept(evidence: Evidence, audience: Audience) -> NotDelivered:
    """Return where messages are that may be kept for a durable subscriber of a topic who did not come back.

    Its broker keeps the messages that it took. The counter shows how many of the topic's messages it took.
    """
    found = []
    for destination, tallies in _by_destination(tally for tally in audience.tallies if tally.waiting).items():
        count, brokers = sum(len(tally.waiting) for tally in tallies), audience.brokers
        counters = None
        if len(brokers) == 1 and evidence.timeline.counted and not has_wildcard(destination):
            counters = (
                None if _began_again(evidence, brokers[0]) else counters_of_run(evidence, brokers[0], destination)
            )
        sent = [each for each in evidence.ledger.publications.values() if destination in parts_of(each.destination)]
        at_most = sum(each.last - each.outcomes.count(FAILED) for each in sent)
        took = 0 if counters is None or counters.enqueued > at_most else counters.enqueued
        one_way = len(evidence.header.declared.get("topology", {}).get("brokers", {})) < 2 or _is_one_bridge(
            evidence, brokers[0]
        )
        sure = max(took - (at_most - count), 0) if one_way else 0
        found.append(NotDelivered(waiting={brokers[0]: sure} if sure else {}, unknown=count - sure))
    return NotDelivered.together(found)


def _grouped(
    evidence: Evidence, audience: Audience, messages: Iterable[tuple[Tally, int]] | None = None
) -> Iterator[tuple[list[Part], NotDelivered]]:
    """Yield the messages in the counters of a queue, or of a publisher's topic, and their fates."""
    groups: dict[tuple[str, ...], list[Part]] = {}
    for part in _parts(audience, messages):
        its = part.tally.publication
        queues = _queues(audience, its)
        key = ("queue", *queues) if queues else ("topic", its.broker, its.destination)
        groups.setdefault(key, []).append(part)
    for (kind, *names), parts in groups.items():
        if kind == "topic":
            yield parts, _of_topic(evidence, audience, parts)
        elif len(names) == 1:
            yield parts, _of_queue(evidence, names[0], parts)
        else:  # each queue had a copy
            yield parts, NotDelivered(unknown=_count(parts))


def _parts(audience: Audience, messages: Iterable[tuple[Tally, int]] | None) -> list[Part]:
    """Return the messages of an audience that did not come, or some of them, by tally."""
    if messages is None:
        return [Part(tally=tally, numbers=tally.lost) for tally in audience.tallies if tally.lost]
    chosen: dict[int, tuple[Tally, list[int]]] = {}
    for tally, number in messages:
        chosen.setdefault(id(tally), (tally, []))[1].append(number)
    return [Part(tally=tally, numbers=numbers) for tally, numbers in chosen.values()]


def _count(parts: Sequence[Part]) -> int:
    return sum(len(part.numbers) for part in parts)


def _queues(audience: Audience, publication: Publication) -> tuple[str, ...]:
    """Return the queues from which an audience was to have a publication's messages."""
    heard = [member.destination for member in audience.members if hears(member.destination, publication.destination)]
    named = [part for part in parts_of(publication.destination) if is_queue(part)]
    own = [part for part in named if any(hears(each, part) for each in heard)]
    behind = [each for each in heard if is_queue(each) and not any(hears(each, part) for part in named)]
    return tuple(dict.fromkeys((*own, *behind)))


def _of_queue(evidence: Evidence, queue: str, parts: Sequence[Part]) -> NotDelivered:
    """Return the fates of messages of a queue, by its brokers' counters."""
    its, count = whereabouts(evidence, queue), _count(parts)
    if its is None:
        return NotDelivered(unknown=count)
    others = its.beside + _not_received(evidence, queue) - count
    placed = sum(sum(at.values()) for at in (its.waiting, its.dead, its.expired))
    if others < 0 or placed > count + others:  # what the counters say does not add up
        return NotDelivered(unknown=count)
    found = NotDelivered(
        waiting=_beyond(others, its.waiting, its.unread),
        dead_letters=_beyond(others, its.dead),
        expired=_beyond(others, its.expired),
        lost=_nowhere(evidence, its, parts, count - placed),
    )
    return NotDelivered.together((found, NotDelivered(unknown=count - found.total)))


def _nowhere(evidence: Evidence, places: Whereabouts, parts: Sequence[Part], others: int) -> int:
    """Return how many messages no broker has for certain; `others` is the number of messages without a known place.

    The counters of a restarted broker show only the messages that wait there now. Messages that were in its memory
    alone and cannot expire are nowhere else.
    """
    if places.unread:
        return 0
    perhaps_dead = min(sum(places.perhaps_dead.values()), places.taken)
    if places.uncounted:
        sent = [part.tally.publication for part in parts]
        stored = any(each.persistent or each.expiry is not None for each in sent)
        if stored or _SETS_EXPIRY in str(evidence.header.declared):
            return 0
        samples = evidence.timeline.destinations
        dead = (each[-1].queued for (_, to), each in samples.items() if is_dead_letter_queue(to))
        perhaps_dead = sum(places.perhaps_dead.values()) + sum(dead)
    return max(others - perhaps_dead, 0)


def _beyond(others: int, at: Mapping[str, int], without: Sequence[str] = ()) -> dict[str, int]:
    """Return by broker how many of its messages are certain, if all others may be there."""
    return {broker: count - others for broker, count in at.items() if count > others and broker not in without}


def _not_received(evidence: Evidence, queue: str) -> int:
    """Count the accepted messages of a queue that none of its clients received."""
    found = 0
    for publication in sent_to(evidence, queue):
        arrivals = [each.arrivals.get(publication.step) for each in receivers_of(evidence, queue)]
        came = [each.times for each in arrivals if each is not None]
        if publication.outcomes.count(OK) == publication.last and len(came) < 2:  # the usual case, and a quick one
            found += publication.last - sum(len(times) - times.count(0) for times in came)
            continue
        found += sum(
            publication.accepted(number) and not any(number < len(times) and times[number] for times in came)
            for number in range(1, publication.last + 1)
        )
    return found


def _of_topic(evidence: Evidence, audience: Audience, parts: Sequence[Part]) -> NotDelivered:
    """Return the fates of messages of one publisher's broker and one topic."""
    publication = parts[0].tally.publication
    over = sum(_surely_over(evidence, audience, part) for part in parts)
    open_ = _count(parts) - over
    samples = evidence.timeline.destinations
    dropped: dict[str, int] = {}
    for (broker, destination), its in samples.items():
        heard = any(hears(member.destination, destination) for member in audience.members)
        count = max(sample.discarded for sample in its) if heard else 0
        if count and destination in parts_of(publication.destination):
            dropped[broker] = dropped.get(broker, 0) + count
    if not dropped:
        return NotDelivered(lost=over, unknown=open_)
    at_most, sure = min(over, sum(dropped.values())), 0
    if [*dropped] == [publication.broker] and _has_one_way(evidence, audience, publication):
        others = _not_come(evidence, audience, publication) - over
        sure = max(at_most - others, 0) if dropped[publication.broker] <= over + others else 0
    return NotDelivered(
        discarded={publication.broker: sure} if sure else {},
        lost=over - at_most,
        unknown=open_ + at_most - sure,
    )


def _has_one_way(evidence: Evidence, audience: Audience, publication: Publication) -> bool:
    """Return whether each message that a topic's broker discarded was on its way to an audience at the other broker.

    One subscription has one bridge's consumer. Several alike share one, or else everything comes twice.
    """
    beyond = [
        each
        for each in evidence.ledger.subscriptions.values()
        if each.broker != publication.broker and hears(each.destination, publication.destination)
    ]
    if not _is_one_bridge(evidence, publication.broker) or publication.broker in audience.brokers:
        return False
    alike = len({each.destination for each in beyond}) == 1 and not any(each.durable for each in beyond)
    tallies = [tally for tally in audience.tallies if _share(tally.publication, publication)]
    once = any(tally.received for tally in tallies) and not any(tally.duplicated for tally in tallies)
    return len(beyond) == 1 or (alike and once)


def _is_one_bridge(evidence: Evidence, broker: str) -> bool:
    """Return whether there are two brokers, and one of them has at most one bridge to the other."""
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    ends = (end for end in evidence.timeline.bridges if end.broker == broker)
    named = {(end.created_by_duplex, end.connector if end.connector[:1] != "#" else "") for end in ends}
    return len(brokers) == 2 and len(named) < 2


def _not_come(evidence: Evidence, audience: Audience, publication: Publication) -> int:
    """Count the messages of a topic, or its parts, at a publisher's broker that no member received, expected or not."""
    found = 0
    for each in evidence.ledger.publications.values():
        if each.broker == publication.broker and _share(each, publication):
            arrivals = [member.arrivals.get(each.step) for member in audience.members]
            came = [its.times for its in arrivals if its is not None]
            found += sum(
                each.outcomes[number] != FAILED and not any(number < len(times) and times[number] for times in came)
                for number in range(1, each.last + 1)
            )
    return found


def _share(one: Publication, other: Publication) -> bool:
    """Return whether the messages of two publications go into one destination."""
    return not {*parts_of(one.destination)}.isdisjoint(parts_of(other.destination))


def _surely_over(evidence: Evidence, audience: Audience, part: Part) -> int:
    """Count the messages of a topic that no broker has any more for an audience, and that are not on their way.

    Later ones came, or their receiver or the bridge had gone since, or no bridge asked for them, or all is quiet.
    """
    tally, timeline = part.tally, evidence.timeline
    publication, members = tally.publication, audience.members
    if not timeline.complete:
        return 0
    near, one = audience.brokers == (publication.broker,), _is_one_bridge(evidence, publication.broker)
    overtaken = max(tally.arrived, default=0) if near or one else 0
    numbers = [number for number in part.numbers if not tally.dispatched(number)]  # a client may have the others
    if any(member.durable for member in members):
        return sum(number < overtaken for number in numbers)
    left = min(max((*(end for _, end in each.windows if end < inf), *each.breaks), default=-inf) for each in members)
    away, back = publication.broker not in audience.brokers, any(each.until == inf for each in members)
    gone = max((t for t, _, up in timeline.bridge_changes if away and one and not up), default=-inf)
    quiet = _quiet_since(evidence, audience, publication)

    def is_over(number: int) -> bool:
        sent = publication.sent_at[number]
        if number in tally.kept:  # a broker retains it
            return False
        # A receiver that comes back at another broker may be given it: its demand stays while no link lets it end.
        return (
            number < overtaken
            or sent < max(gone, quiet, -inf if away and back else left)
            or (away and bool(evidence.causes.undemanded(publication.broker, publication.destination, sent)))
        )

    return sum(map(is_over, numbers))


def _quiet_since(evidence: Evidence, audience: Audience, publication: Publication) -> float:
    """Return before which moment a topic's message must have been sent to have come by now; -inf if that is unknown."""
    timeline = evidence.timeline
    away = audience.brokers != (publication.broker,)
    places = {publication.broker, *audience.brokers}
    still = [each for each in timeline.outages if each.end is None and (away or each.name in places)]
    if still or (away and any(each.end is None for each in timeline.closures)):
        return -inf
    last = (its[-1] for (_, to), its in timeline.destinations.items() if to in parts_of(publication.destination))
    if any(sample.in_flight for sample in last):
        return -inf
    delays = sum(link.configured_delay_ms for link in timeline.links.values()) / 1000 if away else 0.0
    slowest = max((took for tally in audience.tallies for took in tally.timed()[1]), default=0.0)
    return timeline.end - _ON_THE_WAY - _CROSSINGS * delays - slowest


def _began_again(evidence: Evidence, broker: str) -> bool:
    """Return whether a broker's counters are not of the whole run, or not of its end."""
    timeline = evidence.timeline
    silent = any(each.broker == broker and each.kind == "management" for each in timeline.coverage.silences)
    return silent or broker in timeline.restarted or any(each.name == broker for each in timeline.outages)


def _by_destination(tallies: Iterable[Tally]) -> Mapping[str, list[Tally]]:
    found: dict[str, list[Tally]] = {}
    for tally in tallies:
        found.setdefault(tally.publication.destination, []).append(tally)
    return found

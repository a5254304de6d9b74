"""Audiences: subscriptions that expect messages together, one of a topic or all of one queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import inf

from lab.activemq.destinations import hears, parts_of
from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.history.expected.entitlement import Retained, entitlement
from lab.history.expected.records import OK, PERHAPS, PROVEN, Publication, Subscription, is_queue
from lab.judge.evidence.digests import match_digests
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.tally import Tally, only_counted, spare_unconfirmed, strays, tally_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscriptions that expect messages together, with a tally of each publication for them."""

    members: tuple[Subscription, ...]
    tallies: tuple[Tally, ...]
    retained: Retained  # messages that brokers keep for later subscribers
    end: float = inf  # when the evidence ends, in seconds
    others: tuple[Subscription, ...] = ()  # that share members' queues, where only some of a queue's are meant

    @property
    def names(self) -> tuple[str, ...]:
        """Return the clients' names, each once."""
        return tuple(dict.fromkeys(member.client for member in self.members))

    @property
    def brokers(self) -> tuple[str, ...]:
        """Return the brokers of the subscriptions, each once."""
        return tuple(dict.fromkeys(member.broker for member in self.members))

    @property
    def destinations(self) -> tuple[str, ...]:
        """Return the destinations subscribed to, each once; wildcards as they are."""
        return tuple(dict.fromkeys(member.destination for member in self.members))

    @property
    def until(self) -> float:
        """Return the moment when the last member stopped listening, in seconds."""
        return max(member.until for member in self.members)

    @property
    def alive(self) -> float:
        """Return the moment until which every member still listening is known to have run, in seconds."""
        return min((member.alive for member in self.members if member.until == inf), default=inf)


def audiences(ledger: Ledger, end: float = inf) -> tuple[Audience, ...]:
    """Return every audience of a ledger, in the order of first subscription; the evidence ends at `end`, in seconds."""
    ledger.grow_arrivals()
    kept, matched = Retained(ledger.publications.values()), []
    for members in _group(ledger):
        meant = [
            publication
            for publication in ledger.publications.values()
            if any(hears(member.destination, publication.destination) for member in members)
        ]
        matched.append((members, meant, match_digests(members, meant, kept, _gone(ledger, meant))))
    _prove(ledger, matched)
    found = []
    for members, meant, alike in matched:
        tallies = tuple(
            tally_of(entitlement(members, publication, kept), publication, alike, end=end) for publication in meant
        )
        spare_unconfirmed(tallies)
        astray = strays(ledger.publications.values(), members, meant)
        found.append(Audience(members=members, tallies=tallies + astray, retained=kept, end=end))
    return tuple(found)


def _gone(ledger: Ledger, meant: Sequence[Publication]) -> list[Subscription]:
    """Return the subscribers of queues who left before the interval, and heard of all publications these alone."""
    # There are many of both in a long session, and few destinations.
    its, every = ({each.destination for each in of} for of in (meant, ledger.publications.values()))

    @cache
    def hears_these_alone(named: str) -> bool:
        heard = {each for each in every if hears(named, each)}
        return bool(heard) and heard <= its

    return [each for each in ledger.gone() if is_queue(each.destination) and hears_these_alone(each.destination)]


def _prove(ledger: Ledger, matched: Sequence[tuple[tuple[Subscription, ...], list[Publication], set[int]]]) -> None:
    """Note the accepted messages among those without an acknowledgement: a client received them.

    A client cannot distinguish equal bodies: their messages were accepted perhaps.
    """
    every = ledger.publications.values()
    unsure = {each.step: each for each in every if each.outcomes.count(OK) < each.last}
    for publication in unsure.values():
        publication.proven = bytearray(publication.count + 1)
    for members, meant, alike in matched:
        for step, number in _received(members, [each for each in meant if each.step in unsure]):
            proven = unsure[step].proven
            proven[number] = PROVEN if step not in alike else proven[number] or PERHAPS


def _received(members: Iterable[Subscription], publications: Sequence[Publication]) -> Iterator[tuple[int, int]]:
    """Yield step and number of each message that a member received, also if it gave it back."""
    steps = {each.step for each in publications}
    for member in members:
        for step in member.arrivals.keys() & steps:
            yield from ((step, number) for number, times in enumerate(member.arrivals[step].times) if times)
        yield from ((its >> 32, its & 0xFFFFFFFF) for _, its in member.given_back if its >> 32 in steps)
        back = {digest for _, digest, _ in member.returned_digests}
        for each in publications if back else ():
            yield from ((each.step, number) for number, digest in enumerate(each.digests or ()) if digest in back)


def merge(parts: Sequence[Audience], only: Sequence[Subscription] = ()) -> Audience:
    """Return several audiences as one: a message has arrived when it reached any of the members.

    With `only`, the audience has these members alone. Messages that other members received from the same queues then
    count as gone elsewhere.
    """
    everybody = tuple(member for audience in parts for member in audience.members)
    members = tuple(only) or everybody
    others = tuple(each for each in everybody if is_queue(each.destination) and each not in members)
    publications = {tally.publication.step: tally.publication for audience in parts for tally in audience.tallies}
    known = [publications[step] for step in sorted(publications)]
    alike = {tally.publication.step for audience in parts for tally in audience.tallies if tally.alike}
    meant = [each for each in known if any(hears(member.destination, each.destination) for member in members)]
    kept, end = parts[0].retained, parts[0].end
    tallies = [tally_of(entitlement(members, each, kept), each, alike, others, end=end) for each in meant]
    spare_unconfirmed(tallies)
    only_counted(tallies, members)
    every = (*tallies, *strays(known, members, meant))
    return Audience(members=members, tallies=every, retained=kept, others=others, end=end)


def _group(ledger: Ledger) -> Iterable[tuple[Subscription, ...]]:
    """Group the queue subscriptions that share a queue; a topic subscription is a group of its own.

    Subscriptions of one MQTT client that overlap are one: MQTT does not show for which of them a message came.
    """
    queues = {
        part
        for item in ledger.publications.values()
        if is_queue(item.destination)
        for part in parts_of(item.destination)
    }
    topics = {each.destination for each in ledger.publications.values() if not is_queue(each.destination)}
    several = Counter(each.client for each in ledger.listening() if not is_queue(each.destination))

    def overlapping(subscription: Subscription) -> bool:
        return several[subscription.client] > 1 and protocol(subscription.over) == "mqtt"

    groups: list[tuple[list[Subscription], set[str]]] = []
    for subscription in ledger.listening():
        if not is_queue(subscription.destination):
            reach = {topic for topic in topics if overlapping(subscription) and hears(subscription.destination, topic)}
            reach = {f"{subscription.client} {topic}" for topic in reach}
            _join(groups, subscription, reach)
            continue
        reach = {queue for queue in queues if hears(subscription.destination, queue)} | {subscription.destination}
        _join(groups, subscription, reach)
    return (tuple(members) for members, _ in groups)


def _join(groups: list[tuple[list[Subscription], set[str]]], subscription: Subscription, reach: set[str]) -> None:
    """Put a subscription into one group with all that have any of its reach."""
    members = [subscription]
    for group in [group for group in groups if group[1] & reach]:
        groups.remove(group)
        members = [*group[0], *members]
        reach |= group[1]
    groups.append((members, reach))

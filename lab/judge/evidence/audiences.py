"""Audiences: subscriptions that are owed messages together, one of a topic or all of one queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from lab.activemq.destinations import hears, parts_of
from lab.judge.evidence.digests import match_digests
from lab.judge.evidence.entitlement import Retained, entitlement
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.records import OK, Subscription, is_queue
from lab.judge.evidence.tally import Tally, only_counted, spare_unconfirmed, strays, tally_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscriptions that are owed messages together, with a tally of each publication for them."""

    members: tuple[Subscription, ...]
    tallies: tuple[Tally, ...]
    retained: Retained  # messages that brokers keep for later subscribers
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


def audiences(ledger: Ledger) -> tuple[Audience, ...]:
    """Return every audience of a ledger, in the order of first subscription."""
    ledger.grow_receipts()
    kept, matched = Retained(ledger), []
    for members in _group(ledger):
        meant = [
            publication
            for publication in ledger.publications.values()
            if any(hears(member.destination, publication.destination) for member in members)
        ]
        matched.append((members, meant, match_digests(members, meant)))
    _prove(ledger, {step for _, _, alike in matched for step in alike})
    found = []
    for members, meant, alike in matched:
        tallies = tuple(tally_of(entitlement(members, publication, kept), publication, alike) for publication in meant)
        spare_unconfirmed(tallies)
        astray = strays(ledger.publications.values(), members, meant)
        found.append(Audience(members=members, tallies=tallies + astray, retained=kept))
    return tuple(found)


def _prove(ledger: Ledger, alike: set[int]) -> None:
    """Note which messages without a receipt were accepted all the same: a client received them, and kept them or not.

    Of the steps in `alike` nobody knows which of equal bodies came.
    """
    every = ledger.publications.values()
    unsure = {each.step: each for each in every if each.outcomes.count(OK) < each.last and each.step not in alike}
    for publication in unsure.values():
        publication.proven = bytearray(publication.count + 1)
    for subscription in ledger.subscriptions.values():
        for step in subscription.receipts.keys() & unsure.keys():
            for number, times in enumerate(subscription.receipts[step].times):
                unsure[step].proven[number] |= times > 0
        for _, position in subscription.given_back:
            if position >> 32 in unsure:
                unsure[position >> 32].proven[position & 0xFFFFFFFF] = 1
    back = {digest for each in ledger.subscriptions.values() for _, digest, _ in each.returned_digests}
    for publication in unsure.values() if back else ():
        for number, digest in enumerate(publication.digests or ()):
            if digest in back:
                publication.proven[number] = 1


def merge(parts: Sequence[Audience], only: Sequence[Subscription] = ()) -> Audience:
    """Return several audiences as one: a message has arrived when it reached any of the members.

    With `only`, these alone of the members are meant; what others of their queues received has gone elsewhere.
    """
    everybody = tuple(member for audience in parts for member in audience.members)
    members = tuple(only) or everybody
    others = tuple(each for each in everybody if is_queue(each.destination) and each not in members)
    publications = {tally.publication.step: tally.publication for audience in parts for tally in audience.tallies}
    known = [publications[step] for step in sorted(publications)]
    alike = {tally.publication.step for audience in parts for tally in audience.tallies if tally.alike}
    meant = [each for each in known if any(hears(member.destination, each.destination) for member in members)]
    kept = parts[0].retained
    tallies = [tally_of(entitlement(members, each, kept), each, alike, others) for each in meant]
    spare_unconfirmed(tallies)
    only_counted(tallies, members)
    return Audience(members=members, tallies=(*tallies, *strays(known, members, meant)), retained=kept, others=others)


def _group(ledger: Ledger) -> Iterable[tuple[Subscription, ...]]:
    """Group the queue subscriptions that share a queue; a topic subscription is a group of its own."""
    queues = {
        part
        for item in ledger.publications.values()
        if is_queue(item.destination)
        for part in parts_of(item.destination)
    }
    groups: list[tuple[list[Subscription], set[str]]] = []
    for subscription in ledger.listening():
        if not is_queue(subscription.destination):
            groups.append(([subscription], set()))
            continue
        reach = {queue for queue in queues if hears(subscription.destination, queue)} | {subscription.destination}
        members = [subscription]
        for group in [group for group in groups if group[1] & reach]:
            groups.remove(group)
            members = [*group[0], *members]
            reach |= group[1]
        groups.append((members, reach))
    return (tuple(members) for members, _ in groups)

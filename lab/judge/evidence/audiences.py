"""Audiences: subscriptions that are owed messages together, one of a topic or all of one queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from lab.activemq.destinations import hears
from lab.judge.evidence.digests import match_digests
from lab.judge.evidence.entitlement import Retained, entitlement
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.records import Subscription, is_queue
from lab.judge.evidence.tally import Tally, strays, tally_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscriptions that are owed messages together, with a tally of each publication for them."""

    members: tuple[Subscription, ...]
    tallies: tuple[Tally, ...]
    retained: Retained  # messages that brokers keep for later subscribers

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
    found = []
    kept = Retained(ledger)
    for members in _group(ledger):
        meant = [
            publication
            for publication in ledger.publications.values()
            if any(hears(member.destination, publication.destination) for member in members)
        ]
        alike = match_digests(members, meant)
        tallies = tuple(tally_of(entitlement(members, publication, kept), publication, alike) for publication in meant)
        astray = strays(ledger, members, meant)
        found.append(Audience(members=members, tallies=tallies + astray, retained=kept))
    return tuple(found)


def merge(parts: Sequence[Audience]) -> Audience:
    """Return several audiences as one: a message has arrived when it reached any of them."""
    members = tuple(member for audience in parts for member in audience.members)
    tallies = {tally.publication.step: tally for audience in parts for tally in audience.tallies}
    alike = {tally.publication.step for audience in parts for tally in audience.tallies if tally.alike}
    meant = [
        tallies[step].publication
        for step in sorted(tallies)
        if any(hears(member.destination, tallies[step].publication.destination) for member in members)
    ]
    kept = parts[0].retained
    return Audience(
        members=members,
        tallies=tuple(tally_of(entitlement(members, publication, kept), publication, alike) for publication in meant),
        retained=kept,
    )


def _group(ledger: Ledger) -> Iterable[tuple[Subscription, ...]]:
    """Group the queue subscriptions that share a queue; a topic subscription is a group of its own."""
    queues = {item.destination for item in ledger.publications.values() if is_queue(item.destination)}
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

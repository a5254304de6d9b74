"""Who was owed what: a topic subscription by itself, or all subscriptions of one queue together."""

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
    """Subscriptions that are owed messages together, with what became of every publication meant for them."""

    members: tuple[Subscription, ...]
    tallies: tuple[Tally, ...]
    retained: Retained  # by the brokers, for whoever subscribes

    @property
    def names(self) -> tuple[str, ...]:
        """Return the clients' names, each once."""
        return tuple(dict.fromkeys(member.client for member in self.members))

    @property
    def brokers(self) -> tuple[str, ...]:
        """Return the brokers they listen at, each once."""
        return tuple(dict.fromkeys(member.broker for member in self.members))

    @property
    def destinations(self) -> tuple[str, ...]:
        """Return what they subscribed to, each once."""
        return tuple(dict.fromkeys(member.destination for member in self.members))

    @property
    def until(self) -> float:
        """Return the moment the last of them stopped listening."""
        return max(member.until for member in self.members)

    @property
    def alive(self) -> float:
        """Return until when the programs of all of them that listen still are known to have run."""
        return min((member.alive for member in self.members if member.until == inf), default=inf)


def audiences(ledger: Ledger) -> tuple[Audience, ...]:
    """Return every audience of a ledger, in the order they came to be."""
    ledger.level()
    found = []
    kept = Retained(ledger)
    for members in _together(ledger):
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


def joint(together: Sequence[Audience]) -> Audience:
    """Take several audiences as one, which has what any of them received."""
    members = tuple(member for audience in together for member in audience.members)
    tallies = {tally.publication.step: tally for audience in together for tally in audience.tallies}
    alike = {tally.publication.step for audience in together for tally in audience.tallies if tally.alike}
    meant = [
        tallies[step].publication
        for step in sorted(tallies)
        if any(hears(member.destination, tallies[step].publication.destination) for member in members)
    ]
    kept = together[0].retained
    return Audience(
        members=members,
        tallies=tuple(tally_of(entitlement(members, publication, kept), publication, alike) for publication in meant),
        retained=kept,
    )


def _together(ledger: Ledger) -> Iterable[tuple[Subscription, ...]]:
    """Put queue subscriptions that share a queue together; a topic subscription stands alone."""
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

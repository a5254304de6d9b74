"""Messages that no client received, or none at another broker, by the clients' ledger.

Only accepted messages are looked for: a send whose outcome is unknown is neither lost nor delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lab.activemq.destinations import hears, parts_of
from lab.expected.records import OK, UNKNOWN, Publication
from lab.judge.evidence.audiences import merge
from lab.judge.evidence.evidence import Evidence
from lab.judge.wording import moment


class Message(NamedTuple):
    """One message of a publication."""

    publication: Publication
    number: int

    @property
    def sent(self) -> float:
        """Return the moment of sending, in seconds."""
        return self.publication.sent_at[self.number]


def shown(messages: Sequence[Message], evidence: Evidence, *, near: str | None = None) -> str:
    """Return in words the number of messages, the first one sent, and `near` or the likely cause; "none" if empty."""
    if not messages:
        return "none"
    first = min(messages, key=lambda message: message.sent)
    if near is None:
        near = evidence.causes.near(first.sent, evidence.timeline.end)
    return f"{len(messages)} (first {first.publication.named(first.number)}, sent at {moment(first.sent)}{near})"


def never_received(evidence: Evidence, destination: str) -> list[Message]:
    """Return the accepted messages of a destination that no client received."""
    found = []
    for publication in evidence.ledger.publications.values():
        if destination in parts_of(publication.destination):
            came = _received(evidence, publication)
            found += [
                Message(publication, number)
                for number in range(publication.first, publication.last + 1)
                if publication.outcomes[number] == OK and not came[number]
            ]
    return found


def undecided(evidence: Evidence, queue: str) -> int:
    """Count what a queue may hold beside those: messages of unknown acceptance, or received and not acknowledged."""
    found = 0
    for publication in evidence.ledger.publications.values():
        if queue in parts_of(publication.destination):
            came = _received(evidence, publication)
            found += sum(
                publication.outcomes[number] == UNKNOWN and not came[number]
                for number in range(publication.first, publication.last + 1)
            )
    subscriptions = evidence.ledger.subscriptions.values()
    return found + sum(
        len(each.pending) + len(each.pending_digests) for each in subscriptions if hears(each.destination, queue)
    )


def lost_elsewhere(evidence: Evidence, broker: str, destination: str) -> list[Message]:
    """Return, for each other broker, the messages expected by its subscribers that none of them received."""
    found = []
    by_broker: dict[str, list[int]] = {}
    for position, audience in enumerate(evidence.audiences):
        for other in audience.brokers:
            if other != broker and broker not in audience.brokers:
                by_broker.setdefault(other, []).append(position)
    for positions in by_broker.values():
        for tally in merge([evidence.audiences[position] for position in positions]).tallies:
            if (tally.publication.broker, tally.publication.destination) == (broker, destination):
                found += [Message(tally.publication, number) for number in tally.lost]
    return found


def received_elsewhere(evidence: Evidence, broker: str, destination: str) -> int:
    """Count, for each other broker, the messages that at least one of its subscribers received."""
    others = {subscription.broker for subscription in evidence.ledger.subscriptions.values()} - {broker}
    return sum(
        sum(_received(evidence, publication, other)[publication.first :])
        for publication in evidence.ledger.publications.values()
        if (publication.broker, publication.destination) == (broker, destination)
        for other in others
    )


def _received(evidence: Evidence, publication: Publication, broker: str | None = None) -> bytearray:
    """Return, by number, 1 for each message received by a client of a broker, of any broker if None; else 0."""
    came = bytearray(publication.count + 1)
    for subscription in evidence.ledger.subscriptions.values():
        if broker in (None, subscription.broker) and publication.step in subscription.arrivals:
            for number, times in enumerate(subscription.arrivals[publication.step].times):
                if times:
                    came[number] = 1
    return came

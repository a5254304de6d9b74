"""Messages that no client received, or none at another broker, by the clients' ledger.

Only accepted messages are looked for: a send whose outcome is unknown is neither lost nor delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lab.activemq.destinations import hears, is_dead_letter_queue, parts_of, virtual_topic_of
from lab.amazonmq.configurations.dead_letters import individual
from lab.amazonmq.configurations.dead_letters import shared as shared_by
from lab.history.expected.records import OK, UNKNOWN, Publication, Subscription, is_queue
from lab.judge.evidence.audiences import merge
from lab.judge.evidence.configurations import configurations, rerouted
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


def why_not_counted(evidence: Evidence, destination: str) -> str:
    """Return why clients cannot count the messages that came from a destination; "" if they can.

    They know the destination that a message was sent to, and their subscription.
    """
    heard = [each.destination for each in evidence.ledger.subscriptions.values()]
    if _takes_dead_letters(evidence, destination):
        return "brokers put dead letters into it, which were sent to other destinations"
    if rerouted(evidence.header.declared, destination, heard):
        return "by a configuration, messages go into other destinations than those that they are sent to"
    topic = virtual_topic_of(destination)
    for (broker, name), samples in evidence.timeline.destinations.items() if topic is not None else ():
        if name == topic and samples[-1].forwarded:
            return f"what {broker} forwarded of {topic} went into the queues behind it there too"
    for publication in evidence.ledger.publications.values():
        parts = parts_of(publication.destination)
        if destination in parts and any(
            hears(each, destination) and any(hears(each, part) for part in parts if part != destination)
            for each in heard
        ):
            return f"a client hears several parts of {publication.destination}, whose copies are alike"
    return ""


def _takes_dead_letters(evidence: Evidence, destination: str) -> bool:
    """Return whether brokers put dead letters into a destination, by its name or by a configuration."""
    its = [each for found in configurations(evidence.header.declared).values() for each in found]
    of_one = (individual(its, each.destination) for each in evidence.ledger.publications.values())
    dead = is_dead_letter_queue(destination) or destination in shared_by(its)
    return dead or any(destination in found for found in of_one)


def never_received(evidence: Evidence, destination: str) -> list[Message]:
    """Return the accepted messages of a destination that no client received from it."""
    found = []
    for publication in evidence.ledger.publications.values():
        if hears(destination, publication.destination):
            came = _received(evidence, publication, destination)
            found += [
                Message(publication, number)
                for number in range(publication.first, publication.last + 1)
                if publication.outcomes[number] == OK and not came[number]
            ]
    return found


def undecided(evidence: Evidence, queue: str) -> int:
    """Count a queue's other possible messages: of unknown acceptance, or received and not acknowledged."""
    found = 0
    for publication in evidence.ledger.publications.values():
        if hears(queue, publication.destination):
            came = _received(evidence, publication, queue)
            found += sum(
                publication.outcomes[number] == UNKNOWN and not came[number]
                for number in range(publication.first, publication.last + 1)
            )
    subscriptions = evidence.ledger.subscriptions.values()
    return found + sum(
        len(each.pending) + len(each.pending_digests) for each in subscriptions if hears(each.destination, queue)
    )


def lost_elsewhere(evidence: Evidence, broker: str, destination: str) -> list[Message]:
    """Return, for each other broker, the messages expected by a destination's subscribers there that none received."""
    found = []
    by_broker: dict[str, list[int]] = {}
    for position, audience in enumerate(evidence.audiences):
        if not any(_takes(member, destination) for member in audience.members):
            continue
        for other in audience.brokers:
            if other != broker and broker not in audience.brokers:
                by_broker.setdefault(other, []).append(position)
    for positions in by_broker.values():
        for tally in merge([evidence.audiences[position] for position in positions]).tallies:
            if tally.publication.broker == broker and hears(destination, tally.publication.destination):
                found += [Message(tally.publication, number) for number in tally.lost]
    return found


def received_elsewhere(evidence: Evidence, broker: str, destination: str) -> int:
    """Count, for each other broker, a destination's messages that at least one of its subscribers there received."""
    others = {subscription.broker for subscription in evidence.ledger.subscriptions.values()} - {broker}
    return sum(
        sum(_received(evidence, publication, destination, other)[publication.first :])
        for publication in evidence.ledger.publications.values()
        if publication.broker == broker and hears(destination, publication.destination)
        for other in others
    )


def _received(evidence: Evidence, publication: Publication, destination: str, broker: str | None = None) -> bytearray:
    """Return, by number, 1 for each message that a client of a broker, of any if None, took from a destination."""
    came = bytearray(publication.count + 1)
    for subscription in evidence.ledger.subscriptions.values():
        if broker not in (None, subscription.broker) or not _takes(subscription, destination):
            continue
        if publication.step in subscription.arrivals:
            for number, times in enumerate(subscription.arrivals[publication.step].times):
                if times:
                    came[number] = 1
    return came


def _takes(subscription: Subscription, destination: str) -> bool:
    """Return whether a subscription takes messages from a destination itself: a queue behind a topic does not."""
    same = is_queue(subscription.destination) == is_queue(destination)
    return same and hears(subscription.destination, destination)
